"""The SQL engine from a URL, and the schema's way to its newest revision.

SQLite and PostgreSQL behave alike above this file: writers on SQLite take the write lock
when they begin, so that no transaction fails half-way for a lock.
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Executable, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.errors import BadDatabaseUrl, LedgerUnavailable, SchemaMismatch

B = TypeVar("B", bound="_Books")
P = ParamSpec("P")
T = TypeVar("T")

EMBEDDED: Final = "embedded"
EMBEDDED_FILE: Final = "purser.sqlite3"
BUSY_MS_MAX: Final = 10_000
"""How long a writer on SQLite waits for another."""

CONNECT_S_MAX: Final = 5
COMMAND_S_MAX: Final = 60
POOL_CONNECTIONS: Final = 5
MIGRATIONS: Final = Path(__file__).parent / "migrations"
MIGRATION_LOCK: Final = 0x507572736572
"""The advisory lock on PostgreSQL that one migrator at a time holds ("Purser")."""

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "postgresql+psycopg": "postgresql+asyncpg",
    "postgresql+psycopg2": "postgresql+asyncpg",
}

_OPTIONS: Final = frozenset(
    {"host", "port", "ssl", "target_session_attrs", "prepared_statement_cache_size"}
)
_OPTIONS_DROPPED: Final = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "gssencmode"}
)
"""Options of libpq that managed databases put into their URLs."""

_migrating = threading.Lock()
"""Alembic keeps the running migration in module globals: one at a time in a process."""


def database_url(setting: str, data_dir: Path) -> str:
    """The URL behind the setting: `embedded` is an SQLite file in `data_dir`."""
    if setting != EMBEDDED:
        return normalised(setting).render_as_string(hide_password=False)
    path = data_dir.absolute() / EMBEDDED_FILE
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


def normalised(url: str) -> URL:
    """`url` with its async driver and options that this driver knows; raises `BadDatabaseUrl`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadDatabaseUrl(
            "database_url is not a URL: write embedded, sqlite:///path or postgresql://…"
        ) from error
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise BadDatabaseUrl(
            f"database_url starts with {parsed.drivername}: Purser keeps its ledger in "
            "sqlite:///path or postgresql://user@host/database"
        )
    parsed = parsed.set(drivername=driver)
    if is_sqlite(parsed):
        if not parsed.database or parsed.database == ":memory:":
            raise BadDatabaseUrl("a ledger in memory would be lost: write sqlite:///path")
        return parsed
    return parsed.set(query=_options(dict(parsed.query)))


def _options(query: dict[str, Any]) -> dict[str, Any]:
    """The options of a PostgreSQL URL as asyncpg knows them, without those that are ours to set."""
    mode = query.pop("sslmode", None)
    if mode is not None:
        query["ssl"] = mode
    kept = {name: value for name, value in query.items() if name not in _OPTIONS_DROPPED}
    unknown = sorted(kept.keys() - _OPTIONS)
    if unknown:
        raise BadDatabaseUrl(
            f"database_url has the option {unknown[0]}, which asyncpg does not take in a URL: "
            f"allowed are {', '.join(sorted(_OPTIONS))} and sslmode (a root certificate is named "
            "by the environment variable PGSSLROOTCERT)"
        )
    return kept


def is_sqlite(url: URL) -> bool:
    """Whether `url` is an SQLite file (else PostgreSQL)."""
    return url.get_backend_name() == "sqlite"


def make_engine(url: str) -> AsyncEngine:
    """An engine for `url`; connects at first use."""
    parsed = normalised(url)
    if not is_sqlite(parsed):
        return create_async_engine(
            parsed,
            pool_size=POOL_CONNECTIONS,
            max_overflow=POOL_CONNECTIONS,
            pool_pre_ping=True,
            connect_args={
                "timeout": CONNECT_S_MAX,
                "command_timeout": COMMAND_S_MAX,
                "server_settings": {"application_name": "purser"},
            },
        )
    _make_private_file(Path(str(parsed.database)))
    engine = create_async_engine(parsed, pool_size=POOL_CONNECTIONS)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_private_file(path: Path) -> None:
    """The database file, readable by its owner only; SQLite gives its WAL the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise LedgerUnavailable(
            f"the ledger {path} cannot be written ({error.strerror}): give its owner write "
            "permission, or name another place by PURSER_DATA_DIR or database_url"
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes late and never for reads or DDL: we begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS_MAX}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("alone", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")


@contextmanager
def unavailable_if_broken() -> Iterator[None]:
    """Turn what SQL raises when it does not answer into `LedgerUnavailable`."""
    try:
        yield
    except DBAPIError as error:
        raise LedgerUnavailable(f"the ledger's database refused: {error.orig}") from error
    except SQLAlchemyError as error:
        raise LedgerUnavailable(f"the ledger's database did not answer: {error}") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error) as error:
        # asyncpg's errors while connecting come through as they are.
        raise LedgerUnavailable(f"the ledger's database cannot be reached: {error}") from error


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that writes; raises `LedgerUnavailable`."""
    with unavailable_if_broken():
        async with engine.connect() as connection:
            await connection.execution_options(writes=True)
            async with connection.begin():
                yield connection


@dataclass(slots=True)
class _Moment:
    """The connection of one look; `open` until the look has ended."""

    engine: AsyncEngine
    connection: AsyncConnection
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: "dict[Hashable, asyncio.Future[Any]]" = field(default_factory=dict)
    open: bool = True


_moment: ContextVar[_Moment | None] = ContextVar("purser_moment", default=None)


@asynccontextmanager
async def one_moment(engine: AsyncEngine) -> AsyncIterator[None]:
    """What is read inside, also by tasks begun inside, is read as of one moment.

    It shares one connection and one transaction, question after question: a page asks dozens,
    and the ways of a transaction of its own for each took most of the time. Within another
    look it is part of that. Raises `LedgerUnavailable`.
    """
    if _current(engine) is not None:
        yield
        return
    with unavailable_if_broken():
        async with engine.connect() as connection:
            if not is_sqlite(engine.url):
                await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                moment = _Moment(engine, connection)
                token = _moment.set(moment)
                try:
                    yield
                finally:
                    _moment.reset(token)
                    # Where one question failed, another may still be under way.
                    async with moment.turn:
                        moment.open = False


class _Books(Protocol):
    @property
    def engine(self) -> AsyncEngine: ...


def once(
    ask: Callable[Concatenate[B, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[B, P], Coroutine[Any, Any, T]]:
    """Within one look a question is asked once: nothing has changed when it is asked again.

    Nobody changes what was found.
    """

    @wraps(ask)
    async def asked(books: B, /, *args: P.args, **more: P.kwargs) -> T:
        moment = _current(books.engine)
        if moment is None:
            return await ask(books, *args, **more)
        question = (ask, args, *more.items())
        found = moment.found.get(question)
        if found is None:
            found = moment.found[question] = asyncio.ensure_future(ask(books, *args, **more))
        # One who leaves does not take the answer from the others.
        answer: T = await asyncio.shield(found)
        return answer

    return asked


def _current(engine: AsyncEngine) -> _Moment | None:
    moment = _moment.get()
    return moment if moment is not None and moment.open and moment.engine is engine else None


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that reads, or a turn in that of `one_moment`; raises `LedgerUnavailable`."""
    moment = _current(engine)
    with unavailable_if_broken():
        if moment is not None:
            async with moment.turn:
                yield moment.connection
            return
        async with engine.connect() as connection, connection.begin():
            yield connection


async def rows_of(engine: AsyncEngine, query: Executable) -> Sequence[Any]:
    """What one statement finds; raises `LedgerUnavailable`.

    It sees one state of the database by itself, so it is spared a transaction: on SQLite each
    step of one is a way to a thread and back.
    """
    with unavailable_if_broken():
        async with engine.connect() as connection:
            await connection.execution_options(alone=True)
            return (await connection.execute(query)).all()


def head_revision() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None
    return head


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database; None where it is empty."""
    async with reading(engine) as connection:
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


async def check_revision(engine: AsyncEngine) -> None:
    """Raise `SchemaMismatch` unless the database is at the revision this code needs."""
    found, needed = await current_revision(engine), head_revision()
    if found != needed:
        raise SchemaMismatch(
            f"the ledger's database is at revision {found or 'none'}, this Purser needs {needed}: "
            "run `purser db upgrade` (or a newer Purser, where the database is ahead)"
        )


async def upgrade(url: str) -> None:
    """Bring the database to `head_revision()`; several may do so at once, in any process."""
    await asyncio.to_thread(_upgrade_alone, url)


def _upgrade_alone(url: str) -> None:
    # A thread and loop of its own: Alembic blocks, and waits for the lock of another process.
    with _migrating:
        asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    engine = make_engine(url)
    try:
        with _alone_on_file(engine.url):
            async with writing(engine) as connection:
                if not is_sqlite(engine.url):
                    lock = text("SELECT pg_advisory_xact_lock(:lock)")
                    await connection.execute(lock, {"lock": MIGRATION_LOCK})
                await connection.run_sync(_run_migrations)
    except CommandError as error:
        raise SchemaMismatch(f"the ledger's database cannot be upgraded: {error}") from error
    finally:
        await engine.dispose()


def _run_migrations(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _alone_on_file(url: URL) -> Iterator[None]:
    """On SQLite, keep others out while the file is made: switching to WAL does not wait."""
    if not is_sqlite(url):
        yield
        return
    handle = os.open(f"{url.database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
