"""One contender of the race: a process that reserves as often as it is told, at the same start.

`python -m tests.race.reserver REDIS DATABASE NAME CALLS TOKENS START_FILE (scripts|naive)`
prints how many reservations were granted.
"""

import asyncio
import sys
from pathlib import Path

from budget.errors import Refused
from storage.ledger import Ledger
from storage.redis_link import RedisLink
from tests.budget.purse import RATE, Process
from tests.waiting import eventually

AT_ONCE = 32
NAIVE_LIMIT = "naive-limit"
NAIVE_SPENT = "naive-spent"


async def with_scripts(
    redis_url: str, database_url: str, name: str, calls: int, tokens: int
) -> int:
    """Reserve as the proxy does."""
    process = Process(redis_url, await Ledger.open(database_url), name)
    process.lifeline.start()
    await eventually(lambda: _ready(process), "the process to join")
    granted = 0
    left = iter(range(calls))

    async def one() -> None:
        nonlocal granted
        for _ in left:
            try:
                await process.admit(tokens)
            except Refused:
                continue
            granted += 1

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    # Its holds stay: this process ends without a word, like one that was killed.
    return granted


async def _ready(process: Process) -> bool:
    return process.lifeline.ready


async def naive(redis_url: str, calls: int, tokens: int) -> int:
    """Check, then add: what a cap that is not one step looks like."""
    link = RedisLink(redis_url)
    limit = int(await link.command("GET", NAIVE_LIMIT))
    cost = tokens * RATE // 1_000_000
    granted = 0
    left = iter(range(calls))

    async def one() -> None:
        nonlocal granted
        for _ in left:
            if int(await link.command("GET", NAIVE_SPENT) or 0) + cost <= limit:
                await link.command("INCRBY", NAIVE_SPENT, cost)
                granted += 1

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return granted


async def main(
    redis_url: str, database_url: str, name: str, calls: str, tokens: str, start: str, how: str
) -> None:
    """Wait for the start, run, tell."""
    Path(f"{start}.{name}").touch()
    await eventually(lambda: asyncio.to_thread(Path(start).exists), "the start", 90)
    if how == "naive":
        granted = await naive(redis_url, int(calls), int(tokens))
    else:
        granted = await with_scripts(redis_url, database_url, name, int(calls), int(tokens))
    sys.stdout.write(f"{granted}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
