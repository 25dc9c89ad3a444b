"""Figures are made once for all who look, kept while storage is away, and forgotten in time."""

import asyncio

import pytest

from dashboard.snapshot import KEPT_MAX, KEPT_S, Shared
from storage.errors import LedgerUnavailable, RedisUnavailable


class Clock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Maker:
    """Counts how often figures are made; fails while `away` is set."""

    def __init__(self) -> None:
        self.times = 0
        self.away: Exception | None = None

    async def __call__(self, _last: int | None) -> int:
        await asyncio.sleep(0)
        if self.away is not None:
            raise self.away
        self.times += 1
        return self.times


async def test_ten_viewers_cost_one_look_a_tick() -> None:
    clock, maker = Clock(), Maker()
    shared = Shared(clock)
    seen = await asyncio.gather(*(shared.get("month", maker) for _ in range(10)))
    assert {one.figures for one in seen} == {1}
    clock.now_s += 5
    assert (await shared.get("month", maker)).figures == 2
    assert (await shared.get("7d", maker)).figures == 3


async def test_one_who_leaves_does_not_take_the_figures_from_the_others() -> None:
    maker = Maker()
    shared = Shared(Clock())
    gone = asyncio.create_task(shared.get("month", maker))
    stays = asyncio.create_task(shared.get("month", maker))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).figures == 1


async def test_the_last_figures_stay_while_storage_is_away_and_say_why() -> None:
    clock, maker = Clock(), Maker()
    shared = Shared(clock)
    await shared.get("month", maker)
    maker.away = LedgerUnavailable("SQL does not answer")
    clock.now_s += 5
    old = await shared.get("month", maker)
    assert (old.figures, old.why_stale) == (1, "SQL does not answer")
    maker.away = None
    clock.now_s += 5
    new = await shared.get("month", maker)
    assert (new.figures, new.why_stale) == (2, "")


async def test_without_any_figures_the_reason_is_raised() -> None:
    maker = Maker()
    maker.away = RedisUnavailable("Redis is away")
    shared = Shared(Clock())
    for _ in range(2):
        with pytest.raises(RedisUnavailable):
            await shared.get("month", maker)


async def test_what_nobody_looks_at_is_forgotten_and_there_is_a_bound() -> None:
    clock, maker = Clock(), Maker()
    shared = Shared(clock)
    for number in range(KEPT_MAX + 10):
        await shared.get(number, maker)
    assert len(shared) == KEPT_MAX
    clock.now_s += KEPT_S + 1
    await shared.get("month", maker)
    assert len(shared) == 1


async def test_after_a_change_everything_is_made_anew() -> None:
    maker = Maker()
    shared = Shared(Clock())
    await shared.get("month", maker)
    shared.drop()
    assert (await shared.get("month", maker)).figures == 2
