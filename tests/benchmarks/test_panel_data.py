"""The panel's benchmark asks every section, and its rows are rows of the ledger."""

from benchmarks.panel_books import fill, rows
from benchmarks.panel_data import OVERVIEW_MS_MAX, Taken, questions, table
from benchmarks.panel_writes import BATCHES, measure_writes, writes_table
from storage.ledger import Ledger
from storage.rollup_check import check_rollups
from storage.rows import problem_with
from tests.storage.entries import NEW_YEAR_MS


async def test_its_rows_are_a_ledger(sqlite_url: str) -> None:
    assert [problem_with(row) for row in rows(50, NEW_YEAR_MS)] == [None] * 50
    ledger = await Ledger.open(sqlite_url)
    await fill(ledger, 50, NEW_YEAR_MS)
    assert await ledger.max_seq() == 50
    assert await check_rollups(ledger) == ()
    await ledger.close()


def test_what_is_too_slow_is_marked() -> None:
    assert "overview, month" in questions()
    slow = Taken("overview, month", "sqlite", OVERVIEW_MS_MAX + 1, 200, 1)
    assert table([slow], 1).row_count == 1


async def test_writing_is_measured_both_ways(sqlite_url: str) -> None:
    ledger = await Ledger.open(sqlite_url)
    found = await measure_writes("sqlite", ledger, 1, NEW_YEAR_MS, 1)
    assert {(one.way, one.batch) for one in found} == {
        (way, batch) for way in ("INSERT", "append") for batch in BATCHES
    }
    assert writes_table(found).row_count == 4
    await ledger.close()
