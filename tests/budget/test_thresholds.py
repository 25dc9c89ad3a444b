"""Thresholds set over the file's: which bind, for how long, and what is told of a change."""

from collections.abc import AsyncIterator

import pytest

from budget.errors import Locked, PastMonth
from budget.thresholds import WantedThresholds, set_in, set_thresholds, thresholds_in
from budget.windows import current_window
from config.rules import Rule
from storage.errors import Conflict
from storage.ledger import Ledger
from storage.override_history import taken_back
from storage.thresholds import changes
from tests.budget.purse import monthly
from tests.storage.entries import DAY_MS, NEW_YEAR_MS

NOW_MS = NEW_YEAR_MS + 20 * DAY_MS
FEBRUARY_MS = NEW_YEAR_MS + 31 * DAY_MS
RULE = monthly("1000")


@pytest.fixture
async def ledger(sqlite_url: str) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(sqlite_url)
    yield ledger
    await ledger.close()


async def put(
    ledger: Ledger, at_mille: tuple[int, ...] | None, at_ms: int | None, version: int,
    rule: Rule = RULE, now_ms: int = NOW_MS,
) -> None:  # fmt: skip
    wanted = WantedThresholds(rule, at_mille, at_ms, "ada", "panel", "why", version)
    await set_thresholds(ledger, wanted, now_ms)


async def in_january(ledger: Ledger) -> tuple[int, ...]:
    return await thresholds_in(ledger, RULE, NEW_YEAR_MS, NOW_MS + 9)


async def in_february(ledger: Ledger) -> tuple[int, ...]:
    return await thresholds_in(ledger, RULE, FEBRUARY_MS, FEBRUARY_MS)


async def test_those_of_a_window_fall_away_when_it_turns(ledger: Ledger) -> None:
    assert await in_january(ledger) == (800, 1000)
    await put(ledger, (500,), NOW_MS, 0)
    assert (await in_january(ledger), await in_february(ledger)) == ((500,), (800, 1000))
    await put(ledger, (), None, 1, now_ms=NOW_MS + 1)
    assert (await in_january(ledger), await in_february(ledger)) == ((), ())
    await put(ledger, None, None, 2, now_ms=NOW_MS + 2)
    assert (await in_january(ledger), await in_february(ledger)) == ((800, 1000), (800, 1000))
    told = [(line.act.old, line.act.new, line.act.reason) for line in await ledger.audited()]
    assert told[::-1] == [
        ("monthly: 80%, 100%", "monthly: 50% for the month from 2026-01-01 00:00 UTC", "why"),
        ("monthly: 50%", "monthly: no alert until changed", "why"),
        ("monthly: no alert", "monthly: as the file says until changed", "why"),
    ]


async def test_the_last_change_is_taken_back_whole(ledger: Ledger) -> None:
    await put(ledger, (500,), NOW_MS, 0)
    await put(ledger, (700,), None, 1, now_ms=NOW_MS + 1)
    start = current_window(RULE, NOW_MS).start_ms
    back = taken_back(await changes(ledger), start)
    assert [(at_ms, former and former.at_mille) for at_ms, former in back] == [
        (None, None), (start, (500,)),
    ]  # fmt: skip
    for version, (at_ms, former) in enumerate(back, start=2):
        await put(ledger, former and former.at_mille, at_ms, version, now_ms=NOW_MS + version)
    assert (await in_january(ledger), await in_february(ledger)) == ((500,), (800, 1000))


async def test_what_may_not_be_set_is_not(ledger: Ledger) -> None:
    await put(ledger, (500,), None, 0)
    locked = monthly("1000", locked=True)
    with pytest.raises(Locked, match="its thresholds are those of the file"):
        await put(ledger, (600,), None, 1, locked)
    assert set_in(locked, await changes(ledger), NEW_YEAR_MS, NOW_MS) is None
    with pytest.raises(PastMonth):
        await put(ledger, (600,), NEW_YEAR_MS - DAY_MS, 1)
    with pytest.raises(Conflict, match="somebody has changed them"):
        await put(ledger, (600,), None, 0)
    with pytest.raises(AssertionError):
        await put(ledger, (2001,), None, 1)
    assert await in_january(ledger) == (500,)
