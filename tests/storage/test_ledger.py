"""What the ledger is given stands in it once; what it cannot keep stops nothing else."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from storage import database
from storage.audit import Act
from storage.database import make_engine, upgrade
from storage.errors import LedgerUnavailable, SchemaMismatch
from storage.ledger import Ledger, Search
from storage.records import Flag, LedgerEntry, Status, Usage
from storage.tables import campaign_cost
from tests.storage.entries import DAY_MS, NEW_YEAR_MS, correction, entry

FULL = LedgerEntry(
    hold_id="h" * 64,
    entry=3,
    seq=2**53,
    status=Status.CORRECTION,
    admitted_ms=NEW_YEAR_MS,
    posted_ms=NEW_YEAR_MS + 1,
    request_id="r",
    agent="CONTENT",
    campaign="Straße 🎄",
    task="τέλος",
    key="key-1",
    endpoint="/v1/responses",
    requested_model="gpt-5",
    execution_id="run:1",
    served_model="gpt-5-2026-01-01",
    tier="flex",
    usage=Usage(*range(-6, 6)),
    charge_nano=-(2**53) + 1,
    provider_nano=2**53 - 1,
    dearer_nano=2**53 - 1,
    held_nano=0,
    flags=frozenset(Flag),
    price_version="2026-01",
    http_status=200,
    latency_ms=12,
    ttfb_ms=3,
    count=7,
    rule="monthly",
    reason="said twice",
    overflow=("0011223344556677", "8899aabbccddeeff"),
    metadata="gAAAA" * 1000,
)


async def execute(engine, statement):
    async with database.writing(engine) as connection:
        await connection.execute(text(statement))


async def campaign_costs(ledger: Ledger, month: str) -> dict[str, int]:
    table = campaign_cost.c
    query = select(table.name, table.total_nano).where(table.month == month)
    return {name: int(total) for name, total in await database.rows_of(ledger.engine, query)}


@pytest.mark.parametrize("written", [entry(1), FULL])
async def test_an_entry_comes_back_as_it_was_written(ledger, written):
    assert await ledger.append([written]) == []
    assert await ledger.entries_of(written.hold_id) == [written]
    assert await ledger.max_seq() == written.seq


async def test_a_batch_written_twice_stands_once(ledger):
    batch = [entry(seq) for seq in range(1, 4)]
    assert await ledger.append(batch) == []
    assert await ledger.append([*batch, entry(4), entry(4)]) == []
    assert [found.seq for found in await ledger.search(Search())] == [4, 3, 2, 1]
    assert await campaign_costs(ledger, "2026-01") == {"Holiday": 4 * 600_000}


async def test_a_batch_larger_than_one_statement(ledger):
    batch = [entry(seq) for seq in range(1, 3001)]
    assert await ledger.append(batch) == []
    assert await ledger.max_seq() == 3000
    assert await ledger.missing_seqs(0, 3000) == []
    ended = await ledger.ended(found.hold_id for found in batch)
    assert len(ended) == 3000
    assert ended["hold-2999"] == [batch[2998]]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"task": "a\x00b"}, "task contains a NUL"),
        ({"task": "\ud800"}, "task contains half a surrogate"),
        ({"campaign": "x" * 257}, "campaign has 257 characters, the column holds 256"),
        ({"hold_id": "x" * 65}, "hold_id has 65"),
        ({"charge_nano": 2**63}, "charge_nano is beyond"),
        ({"http_status": 2**31}, "http_status is beyond"),
        ({"usage": Usage(input_tokens=2**64)}, "input_tokens is beyond"),
        ({"charge_nano": -1}, "ck_billing_log_amounts"),
        ({"charge_nano": 700_000}, "ck_billing_log_dearer"),
        ({"status": Status.VOIDED}, "ck_billing_log_free"),
        ({"status": Status.CORRECTION}, "ck_billing_log_correction_entry"),
        ({"admitted_ms": 2**62}, "ck_billing_log_admitted"),
        ({"count": 0}, "ck_billing_log_count"),
        ({"latency_ms": 1.5}, "latency_ms is no whole number"),
        ({"agent": None, "campaign": "x"}, "agent is no text: None"),
        ({"seq": 5}, "seq"),
    ],
)
async def test_a_record_that_sql_refuses_stops_nothing_else(ledger, bad, why):
    batch = [entry(seq) for seq in range(1, 20)]
    batch[11] = replace(batch[11], **bad)
    (rejected,) = await ledger.append(batch)
    assert rejected.entry == batch[11]
    assert why in rejected.why
    assert [found.seq for found in await ledger.search(Search())] == [
        seq for seq in range(19, 0, -1) if seq != 12
    ]
    assert await campaign_costs(ledger, "2026-01") == {"Holiday": 18 * 600_000}


async def test_another_end_of_the_same_hold_is_handed_back(ledger):
    first = entry(1)
    other = entry(2, hold_id="hold-1", charge_nano=1)
    assert await ledger.append([first]) == []
    (rejected,) = await ledger.append([other, entry(3)])
    assert rejected.entry == other
    assert "stands already with seq 1, not 2; charge_nano 600000, not 1" in rejected.why
    (rejected,) = await ledger.append([entry(4), entry(5, hold_id="hold-4")])
    assert rejected.entry.seq == 5
    assert await ledger.entries_of("hold-1") == [first]
    assert await campaign_costs(ledger, "2026-01") == {"Holiday": 3 * 600_000}


async def test_a_campaign_costs_what_its_entries_say_in_the_month_of_admission(ledger):
    first = entry(1)
    february = {"admitted_ms": NEW_YEAR_MS + 31 * DAY_MS, "posted_ms": NEW_YEAR_MS + 32 * DAY_MS}
    end_of_january = NEW_YEAR_MS + 31 * DAY_MS - 1
    await ledger.append([first, entry(2, campaign="HOLIDAY"), entry(3, **february)])
    await ledger.append([correction(first, 4, -100_000), entry(5, campaign="Été")])
    await ledger.append([entry(6, admitted_ms=end_of_january, posted_ms=end_of_january + DAY_MS)])
    assert await campaign_costs(ledger, "2026-01") == {"Holiday": 1_700_000, "Été": 600_000}
    assert await campaign_costs(ledger, "2026-02") == {"Holiday": 600_000}


async def test_writers_at_once_write_each_entry_once(ledger, database_url):
    others = [await Ledger.open(database_url) for _ in range(3)]
    batch = [entry(seq, campaign=f"c{seq % 7}") for seq in range(1, 301)]
    orders = (batch, batch[::-1], batch[100:200], batch[50:])
    written = await asyncio.gather(
        *(one.append(order) for one, order in zip([ledger, *others], orders, strict=True))
    )
    assert written == [[], [], [], []]
    assert await ledger.missing_seqs(0, 300) == []
    costs = await campaign_costs(ledger, "2026-01")
    assert sum(costs.values()) == 300 * 600_000
    for other in others:
        await other.close()


async def test_a_cancelled_write_is_whole_or_not_there(ledger):
    task = asyncio.create_task(ledger.append([entry(seq) for seq in range(1, 501)]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ledger.max_seq() in {0, 500}
    assert await ledger.append([entry(seq) for seq in range(1, 501)]) == []
    assert await ledger.missing_seqs(0, 500) == []
    assert await campaign_costs(ledger, "2026-01") == {"Holiday": 500 * 600_000}


async def test_missing_numbers_are_named_as_ranges(ledger):
    assert await ledger.missing_seqs(0, 3) == [(1, 3)]
    await ledger.append([entry(seq) for seq in (1, 2, 5, 6, 9)])
    assert await ledger.missing_seqs(0, 9) == [(3, 4), (7, 8)]
    assert await ledger.missing_seqs(0, 12) == [(3, 4), (7, 8), (10, 12)]
    assert await ledger.missing_seqs(0, 12, most=1) == [(3, 4)]
    assert await ledger.missing_seqs(5, 8) == [(7, 8)]
    assert await ledger.missing_seqs(3, 4) == [(4, 4)]
    assert await ledger.missing_seqs(9, 9) == []


async def test_a_search_finds_the_newest_first_and_goes_on(ledger):
    await ledger.append(
        [
            entry(1, campaign="straße", execution_id="run-1"),
            entry(2, agent="SEO", request_id="asked"),
            entry(3, campaign="STRASSE"),
            entry(4, status=Status.ASSUMED),
        ]
    )

    async def seqs(limit=50, before_seq=None, **wanted):
        return [e.seq for e in await ledger.search(Search(**wanted), limit, before_seq)]

    assert await seqs() == [4, 3, 2, 1]
    assert await seqs(limit=2) == [4, 3]
    assert await seqs(limit=2, before_seq=3) == [2, 1]
    assert await seqs(campaign="Strasse") == [3, 1]
    assert await seqs(agent="seo") == [2]
    assert await seqs(status=Status.ASSUMED) == [4]
    assert await seqs(execution_id="run-1") == [1]
    assert await seqs(request_id="asked") == [2]
    assert await seqs(since_ms=NEW_YEAR_MS + 2, until_ms=NEW_YEAR_MS + 4) == [3, 2]


async def test_everything_is_read_in_batches_the_oldest_first(ledger):
    await ledger.append([entry(seq, campaign="a" if seq % 2 else "b") for seq in range(1, 8)])

    async def seqs(rows, **wanted):
        return [[e.seq for e in some] async for some in ledger.batches(Search(**wanted), rows)]

    assert await seqs(3) == [[1, 2, 3], [4, 5, 6], [7]]
    assert await seqs(2, campaign="A") == [[1, 3], [5, 7]]
    assert await seqs(2, campaign="c") == []


async def test_what_comes_while_batches_are_read_is_left_for_the_next_time(ledger):
    await ledger.append([entry(1), entry(2)])
    read = []
    async for some in ledger.batches(Search(), 1):
        read += [e.seq for e in some]
        await ledger.append([entry(3)])
    assert read == [1, 2]


@pytest.mark.parametrize("table", ["billing_log", "audit_log"])
@pytest.mark.parametrize("change", ["UPDATE {} SET seq = 9", "DELETE FROM {}"])
async def test_the_database_itself_refuses_to_change_what_was_written(
    ledger, database_url, table, change
):
    await ledger.append([entry(1)])
    await ledger.audit(Act("freeze", "admin", "cli"))
    engine = make_engine(database_url)
    with pytest.raises(LedgerUnavailable, match="append-only"):
        await execute(engine, change.format(table))
    await engine.dispose()


async def test_a_database_without_tables_is_told_how_to_get_them(empty_database_url):
    with pytest.raises(SchemaMismatch, match="purser db upgrade"):
        await Ledger.open(empty_database_url)
    await upgrade(empty_database_url)
    await (await Ledger.open(empty_database_url)).close()


async def test_a_locked_sqlite_is_unavailable_and_then_takes_the_same_batch(
    sqlite_url, monkeypatch
):
    monkeypatch.setattr(database, "BUSY_MS_MAX", 20)
    ledger = await Ledger.open(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="locked"):
        await ledger.append([entry(1)])
    assert await ledger.max_seq() == 0
    other.execute("ROLLBACK")
    other.close()
    assert await ledger.append([entry(1)]) == []
    await ledger.close()


async def test_a_full_disk_is_unavailable_and_rejects_no_record(sqlite_url):
    engine = make_engine(sqlite_url)
    async with database.reading(engine) as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
        # The nearest thing to a full disk: this connection may not make the file longer.
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    ledger = Ledger(engine)
    with pytest.raises(LedgerUnavailable, match="full"):
        await ledger.append([entry(seq) for seq in range(1, 1001)])
    assert await ledger.max_seq() == 0
    await ledger.close()


async def test_a_postgres_that_is_away_is_unavailable(tmp_path):
    with pytest.raises(LedgerUnavailable):
        await Ledger.open(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(LedgerUnavailable):
        await Ledger.open("postgresql://nobody@127.0.0.1:1/none")


async def test_a_postgres_that_forgets_its_connections_is_found_again(postgres, postgres_url):
    ledger = await Ledger.open(postgres_url)
    await ledger.append([entry(1)])
    await ledger.append([entry(2)])
    killer = make_engine(postgres.url("postgres"))
    async with database.writing(killer) as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = :name AND pid <> pg_backend_pid()"
            ),
            {"name": make_engine(postgres_url).url.database},
        )
    await killer.dispose()
    assert await ledger.append([entry(3)]) == []
    assert await ledger.missing_seqs(0, 3) == []
    await ledger.close()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerUnavailable, match="PURSER_DATA_DIR"):
        await Ledger.open(f"sqlite:///{tmp_path / 'file' / 'ledger.sqlite3'}")


async def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    path = Path(tmp_path / "ledger.sqlite3")
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(LedgerUnavailable, match="not a database"):
        await Ledger.open(f"sqlite:///{path}")
