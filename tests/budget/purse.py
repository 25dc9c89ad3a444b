"""One proxy process and one janitor, put together by hand on real engines."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from budget.admission import Admission, AdmissionLimits, Grant
from budget.charge import Pricing
from budget.endings import Endings
from budget.late import LateWork
from budget.lifeline import Lifeline
from budget.publication import Publication
from budget.settlement import Settlement
from budget.windows import current_window
from config.money import Nano, NanoPerMillion, usd_to_nano
from config.rules import Rule, Window, value_digest
from storage.holds import HoldStore
from storage.jobs import Jobs
from storage.ledger import Ledger
from storage.outbox import Outbox
from storage.reconcile import Report, reconcile
from storage.records import Caller, CallFacts, LedgerEntry, Outcome, Status, Usage, WorstCase
from storage.redis_link import RedisLink
from storage.snapshot import Counted, read_snapshot, read_standing
from storage.sums import OTHER
from storage.upkeep import Upkeep

RATE = NanoPerMillion(40_000_000_000)
"""0.04 USD for 1,000 tokens: 40,000 nano-dollars a token."""
PRICING = Pricing("agent_rate", RATE, None, "test")


def monthly(limit_usd: str, name: str = "monthly", **more: object) -> Rule:
    """A rule over all calls of a month."""
    return Rule(name, usd_to_nano(limit_usd), Window.MONTH, "UTC", **more)  # type: ignore[arg-type]


def facts(
    campaign: str = "unattributed", agent: str = "CONTENT", hold_id: str | None = None
) -> CallFacts:
    """A call with an id of its own."""
    name = hold_id or f"hold-{uuid.uuid4().hex}"
    caller = Caller(agent=agent, campaign=campaign)
    return CallFacts(name, f"req-{name}", caller, "/v1/chat/completions", "gpt-4o-mini")


def worst(tokens: int, output: int = 0, **more: object) -> WorstCase:
    """So many tokens of input, so many of output."""
    return WorstCase(tokens, output, **more)  # type: ignore[arg-type]


def used(tokens: int) -> Outcome:
    """Settled with so many tokens."""
    return Outcome(Status.SETTLED, Usage(input_tokens=tokens))


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the engines of one test are."""

    redis_url: str
    database_url: str


class Process:
    """What `purser proxy` holds of Redis."""

    def __init__(self, redis_url: str, ledger: Ledger, name: str = "proxy-1") -> None:
        self.link = RedisLink(redis_url)
        self.holds = HoldStore(self.link, name)
        self.endings = Endings(self.holds, ledger.entries_of)
        self.lifeline = Lifeline(self.link, self.holds, self.endings, lambda: {"kind": "proxy"})
        self.settlement = Settlement(self.lifeline)
        self.late = LateWork(self.lifeline, self.settlement, Jobs(self.link, ledger))
        self.limits = AdmissionLimits(implicit_share_mille=50, outbox_bytes_max=1 << 30)
        self.admission = Admission(self.lifeline, self.settlement, lambda: self.limits)

    async def admit(self, tokens: int, campaign: str = "unattributed", **more: object) -> Grant:
        """Hold `tokens` × 40,000 nano-dollars."""
        return await self.admission.admit(facts(campaign), worst(tokens, **more), PRICING)

    async def spend(self, tokens: int, campaign: str = "unattributed") -> Grant:
        """A call that uses what it held."""
        grant = await self.admit(tokens, campaign)
        await self.settlement.end(grant, used(tokens))
        return grant

    async def use(self, held: int, tokens: int, campaign: str = "unattributed") -> None:
        """A call that uses less than it held."""
        grant = await self.admit(held, campaign)
        await self.settlement.end(grant, used(tokens))

    async def close(self) -> None:
        """End as a process does."""
        await self.lifeline.stop()
        await self.link.close()

    async def die(self) -> None:
        """Stop without a word, as a process that was killed; its endings are gone with it."""
        task = self.lifeline._task
        self.lifeline._stopping = True
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.link.close()


class Purse:
    """A deployment: engines, one janitor (ticked by hand), processes."""

    def __init__(self, redis_url: str, ledger: Ledger, rules: Sequence[Rule]) -> None:
        self.redis_url = redis_url
        self.ledger = ledger
        self.rules = tuple(rules)
        self.link = RedisLink(redis_url)
        self.outbox = Outbox(self.link, ledger)
        self.upkeep = Upkeep(self.link, ledger, "janitor-1", current_window, lambda: self.rules)
        self.publication = Publication(self.link, ledger)
        self.processes: list[Process] = []

    async def process(self, name: str = "proxy-1") -> Process:
        """Start a process and wait until it may admit."""
        process = Process(self.redis_url, self.ledger, name)
        self.processes.append(process)
        process.lifeline.start()
        await self.until_ready(process)
        # As it does twice a second: it knows who lives.
        await self.upkeep.tick()
        return process

    async def until_ready(self, process: Process) -> None:
        """Wait until `process` may admit."""
        async with asyncio.timeout(60):
            while not process.lifeline.ready or process.holds.epoch != await self.epoch():
                await asyncio.sleep(0.01)

    async def epoch(self) -> str:
        """The life of Redis."""
        return (await read_standing(self.link)).epoch

    async def publish(self, *rules: Rule) -> None:
        """Put other rules in force."""
        self.rules = rules
        await self.publication.publish(
            rules, "digest-" + ",".join(f"{r.name}={r.limit_nano}" for r in rules)
        )

    async def counted(self, rule: Rule, campaign: str | None = None) -> Counted:
        """What a rule has posted and holds now, for all calls or for one campaign."""
        window = current_window(rule, int(time.time() * 1000))
        value = value_digest(campaign) if campaign is not None and campaign != OTHER else ""
        value = OTHER if campaign == OTHER else value
        for counter in (await read_snapshot(self.link)).counters:
            if (counter.counter, counter.window) == (rule.counter, window):
                return counter.values.get(value, Counted(0, 0))
        return Counted(0, 0)

    async def entries(self, hold_id: str) -> list[LedgerEntry]:
        """What the ledger says of a call, once everything is in it."""
        await self.outbox.drain()
        return await self.ledger.entries_of(hold_id)

    async def reconcile(self) -> Report:
        """Compare Redis with the ledger."""
        return await reconcile(self.link, self.ledger, self.rules)

    async def close(self) -> None:
        """End everything."""
        for process in self.processes:
            await process.close()
        await self.link.close()
        await self.ledger.close()


@asynccontextmanager
async def open_purse(engines: Engines, *rules: Rule) -> AsyncIterator[Purse]:
    """A deployment with `rules` in force."""
    purse = Purse(engines.redis_url, await Ledger.open(engines.database_url), rules)
    try:
        await purse.upkeep.tick()
        await purse.publish(*rules)
        yield purse
    finally:
        await purse.close()


@asynccontextmanager
async def meanwhile(*acts: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Do each of `acts` over and over while the body runs; raises what one of them raised."""
    enough = asyncio.Event()

    async def repeat(act: Callable[[], Awaitable[object]]) -> None:
        while not enough.is_set():
            await act()
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(repeat(act)) for act in acts]
    try:
        yield
    finally:
        enough.set()
        await asyncio.gather(*tasks)


def usd(text: str) -> Nano:
    """Dollars as nano-dollars."""
    return usd_to_nano(text)
