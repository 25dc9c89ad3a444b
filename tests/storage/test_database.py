"""URLs, durability and the schema's way to its newest revision, on both engines."""

import asyncio
import multiprocessing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from storage.database import (
    check_revision,
    current_revision,
    database_url,
    head_revision,
    make_engine,
    normalised,
    once,
    one_moment,
    reading,
    upgrade,
    writing,
)
from storage.errors import BadDatabaseUrl, LedgerUnavailable, SchemaMismatch


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("sqlite:///a/b.sqlite3", "sqlite+aiosqlite:///a/b.sqlite3"),
        ("postgres://u:p%40@h/d", "postgresql+asyncpg://u:p%40@h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        ("postgresql+psycopg2://h/d?channel_binding=require", "postgresql+asyncpg://h/d"),
    ],
)
def test_a_plain_url_gets_its_driver(url, normal):
    assert normalised(url).render_as_string(hide_password=False) == normal


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ledger.db", "is not a URL"),
        ("mysql://h/d", "starts with mysql"),
        ("sqlite://", "in memory"),
        ("postgres://h/d?sslrootcert=/x", "option sslrootcert.*PGSSLROOTCERT"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_a_url_that_cannot_be_used_is_explained(url, told):
    with pytest.raises(BadDatabaseUrl, match=told):
        normalised(url)


def test_a_bad_url_is_not_repeated_with_its_password():
    with pytest.raises(BadDatabaseUrl) as found:
        normalised("secret-without-a-scheme@host")
    assert "secret" not in str(found.value)


def test_embedded_is_a_file_in_the_data_folder(tmp_path):
    found = normalised(database_url("embedded", tmp_path / "50% of it"))
    assert found.database == str(tmp_path / "50% of it" / "purser.sqlite3")
    assert database_url("postgres://h/d", tmp_path) == "postgresql+asyncpg://h/d"


async def test_sqlite_keeps_what_it_confirmed_and_keeps_it_private(tmp_path):
    url = database_url("embedded", tmp_path / "data")
    await upgrade(url)
    engine = make_engine(url)
    async with writing(engine) as connection:
        pragmas = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        await connection.execute(text("INSERT INTO campaign_cost VALUES ('c', 'm', 'n', 1, 1)"))
        files = list((tmp_path / "data").iterdir())
        modes = {path.stat().st_mode & 0o777 for path in files}
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }
    assert len(files) >= 3
    assert modes == {0o600}
    await engine.dispose()


async def test_an_upgrade_leads_to_the_head_and_may_be_repeated(empty_database_url):
    engine = make_engine(empty_database_url)
    assert await current_revision(engine) is None
    await upgrade(empty_database_url)
    await upgrade(empty_database_url)
    assert await current_revision(engine) == head_revision()
    await check_revision(engine)
    await engine.dispose()


def _upgrade_in_process(url):
    asyncio.run(upgrade(url))


def test_processes_that_upgrade_at_once_do_not_collide(empty_database_url):
    starters = multiprocessing.get_context("spawn")
    processes = [
        starters.Process(target=_upgrade_in_process, args=(empty_database_url,)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]


async def test_tasks_that_upgrade_at_once_do_not_collide(empty_database_url, tmp_path):
    another = f"sqlite:///{tmp_path / 'another.sqlite3'}"
    await asyncio.gather(*(upgrade(url) for url in (empty_database_url, another) * 3))
    for url in (empty_database_url, another):
        engine = make_engine(url)
        await check_revision(engine)
        await engine.dispose()


async def test_a_database_of_a_newer_purser_is_left_alone(database_url):
    engine = make_engine(database_url)
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="9999"):
        await check_revision(engine)
    with pytest.raises(SchemaMismatch, match="9999"):
        await upgrade(database_url)
    assert await current_revision(engine) == "9999"
    await engine.dispose()


async def test_a_failed_upgrade_leaves_nothing_behind(empty_database_url):
    engine = make_engine(empty_database_url)
    async with writing(engine) as connection:
        await connection.execute(text("CREATE TABLE audit_log (mine INTEGER)"))
    with pytest.raises(Exception, match="audit_log"):
        await upgrade(empty_database_url)
    assert await current_revision(engine) is None
    async with writing(engine) as connection:
        await connection.execute(text("DROP TABLE audit_log"))
    await upgrade(empty_database_url)
    await engine.dispose()


def test_migrations_are_carried_in_the_package():
    migrations = Path(make_engine.__code__.co_filename).parent / "migrations"
    assert (migrations / "env.py").is_file()


async def test_a_look_sees_one_moment_by_one_connection(database_url):
    engine = make_engine(database_url)
    books = SimpleNamespace(engine=engine)
    count = text("SELECT count(*) FROM usage_execution")
    add = text("INSERT INTO usage_execution VALUES (:agent, 'run', 0)")
    asked: list[str] = []

    @once
    async def counted(books, why):
        asked.append(why)
        async with reading(books.engine) as connection:
            return await connection.scalar(count)

    async with one_moment(engine):
        before = await counted(books, "at first")
        async with writing(engine) as connection:
            await connection.execute(add, {"agent": "SEO"})
        async with one_moment(engine):
            some = [counted(books, f"again {number % 5}") for number in range(20)]
            assert await asyncio.gather(*some) == [before] * 20
        assert engine.pool.checkedout() == 1
        assert len(asked) == 6
        late = asyncio.create_task(asyncio.sleep(0, counted))
    assert await counted(books, "at first") == before + 1
    assert await (await late)(books, "at first") == before + 1
    await engine.dispose()


async def test_a_look_that_fails_takes_nothing_with_it(database_url):
    engine = make_engine(database_url)

    async def asked(query):
        async with reading(engine) as connection:
            return await connection.scalar(text(query))

    with pytest.raises(LedgerUnavailable):
        async with one_moment(engine):
            await asyncio.gather(asked("SELECT no"), *(asked("SELECT 1") for _ in range(5)))
    assert await asked("SELECT 2") == 2
    await engine.dispose()
