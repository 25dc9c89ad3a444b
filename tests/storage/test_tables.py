"""The migrations, the tables in the code and their documentation say the same."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.command import downgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from storage.database import MIGRATIONS, make_engine, reading, writing
from storage.records import LedgerEntry, Usage
from storage.tables import UNIT_COLUMNS, billing_log, metadata


def differences(connection):
    options = {"compare_type": True, "compare_server_default": True}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def constraints(connection):
    found = inspect(connection)
    return {
        (name, check["name"])
        for name in metadata.tables
        for check in found.get_check_constraints(name)
    }


async def test_the_migrations_build_the_tables_that_the_code_knows(database_url):
    engine = make_engine(database_url)
    async with reading(engine) as connection:
        assert await connection.run_sync(differences) == []
        built = await connection.run_sync(constraints)
    async with writing(engine) as connection:
        await connection.run_sync(take_back)
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == [
            "alembic_version"
        ]
        await connection.run_sync(metadata.create_all)
        assert await connection.run_sync(constraints) == built
    await engine.dispose()


def take_back(connection):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    downgrade(config, "base")


def test_every_field_of_an_entry_and_of_its_usage_has_a_column():
    columns = {column.name for column in billing_log.columns}
    fields = set(LedgerEntry.__slots__) - {"usage"} | set(Usage.__slots__)
    assert columns == fields | {"id", "campaign_folded"}
    assert tuple(Usage.__slots__) == UNIT_COLUMNS


async def test_a_listing_reads_an_index_and_not_the_table(sqlite_url):
    engine = make_engine(sqlite_url)
    wanted = {
        "campaign_folded = 'c' AND admitted_ms > 1": "ix_billing_log_campaign_folded_admitted_ms",
        "agent = 'SEO' AND admitted_ms > 1": "ix_billing_log_agent_admitted_ms",
        "execution_id = 'x'": "ix_billing_log_execution_id",
        "request_id = 'x'": "ix_billing_log_request_id",
        "hold_id = 'x'": "sqlite_autoindex_billing_log_1",
    }
    async with reading(engine) as connection:
        for where, index in wanted.items():
            plan = await connection.execute(
                text(f"EXPLAIN QUERY PLAN SELECT charge_nano FROM billing_log WHERE {where}")
            )
            assert index in plan.one().detail
    await engine.dispose()


def test_every_column_is_explained():
    document = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    chapters = {chapter.split("`")[1]: chapter for chapter in document.split("\n## ")[1:]}
    for table in metadata.tables.values():
        told = [line.split("`")[1] for line in chapters[table.name].splitlines() if "| `" in line]
        assert told == [column.name for column in table.columns], table.name
