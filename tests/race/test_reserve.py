"""Ten thousand reservations from four processes for a fifth of that: not a nano-dollar over."""

import asyncio
import subprocess
import sys
from pathlib import Path

from budget.errors import Refused
from storage.snapshot import read_snapshot
from tests.budget.purse import RATE, Engines, Process, monthly, open_purse, used
from tests.harness import ROOT
from tests.race.reserver import NAIVE_LIMIT, NAIVE_SPENT
from tests.waiting import wait_for

PROCESSES = 4
CALLS = 2_500
FITTING = PROCESSES * CALLS // 5
TOKENS = 1_000
COST_OF_ONE = RATE // 1_000_000
COST = TOKENS * RATE // 1_000_000
LIMIT_USD = f"{FITTING * COST / 10**9:.2f}"


def race(engines: Engines, folder: Path, how: str) -> list[int]:
    """Let all processes run from one start; how many reservations each was granted."""
    start = folder / f"start-{how}"
    names = [f"racer-{n}" for n in range(PROCESSES)]
    racers = [
        subprocess.Popen(
            [
                sys.executable, "-m", "tests.race.reserver", engines.redis_url,
                engines.database_url, name, str(CALLS), str(TOKENS), str(start), how,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]  # fmt: skip
    try:
        wait_for(lambda: all(Path(f"{start}.{name}").exists() for name in names), "the racers", 90)
        start.touch()
        return [int(racer.communicate(timeout=120)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()


async def test_four_processes_cannot_overshoot(engines: Engines, tmp_path: Path) -> None:
    async with open_purse(engines, monthly(LIMIT_USD)) as purse:
        granted = race(engines, tmp_path, "scripts")
        snapshot = await read_snapshot(purse.link)
        (counter,) = snapshot.counters
        held = counter.values[""].held_nano
        assert sum(granted) == FITTING
        assert held == FITTING * COST == purse.rules[0].limit_nano
        assert len(snapshot.holds) == FITTING
        assert all(granted), "every process had its turn"


async def test_spending_meanwhile_cannot_overshoot(engines: Engines) -> None:
    """Calls settle for less than they held, so that room comes and goes while others reserve."""
    async with open_purse(engines, monthly("0.5")) as purse:
        processes = [await purse.process(f"proxy-{n}") for n in range(4)]
        granted = sum(await asyncio.gather(*(spend(p, calls=150) for p in processes)))
        snapshot = await read_snapshot(purse.link)
        posted = snapshot.counters[0].values[""].posted_nano
        limit = purse.rules[0].limit_nano
        assert limit - 100 * COST_OF_ONE < posted <= limit
        assert posted == granted * 60 * COST_OF_ONE
        assert (await purse.reconcile()).clean


async def spend(process: Process, calls: int) -> int:
    """Hold 100 tokens, use 60, eight at once; how many calls passed."""
    granted = 0
    left = iter(range(calls))

    async def one() -> None:
        nonlocal granted
        for _ in left:
            try:
                grant = await process.admit(100)
            except Refused:
                continue
            await process.settlement.end(grant, used(60))
            granted += 1

    await asyncio.gather(*(one() for _ in range(8)))
    return granted


async def test_check_then_add_overshoots(engines: Engines, tmp_path: Path) -> None:
    """The canary: this very race catches a cap that is not one step."""
    async with open_purse(engines, monthly("1")) as purse:
        await purse.link.command("SET", NAIVE_LIMIT, FITTING * COST)
        granted = race(engines, tmp_path, "naive")
        spent = int(await purse.link.command("GET", NAIVE_SPENT))
        assert spent == sum(granted) * COST
        assert spent > FITTING * COST, "the race is too tame to catch a naive check-then-add"
