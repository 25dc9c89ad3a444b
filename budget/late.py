"""Late work: its hold passes from the process to a job, and ends when its cost is known."""

import asyncio
import logging
from dataclasses import dataclass, replace

from budget.admission import Grant
from budget.charge import Pricing
from budget.errors import Unavailable
from budget.frozen_pricing import frozen, thawed
from budget.lifeline import Lifeline
from budget.repeats import Repeats
from budget.settlement import Receipt, Settlement, cost_of
from config.bounds import BATCH_JOB_S_MAX, LATE_TRUTH_S, RESPONSE_JOB_S_MAX
from storage.entries import totals_of
from storage.errors import Conflict, LedgerUnavailable, RedisUnavailable, StorageError
from storage.holds import HoldStore, Prior
from storage.jobs import BATCH, JobKind, Jobs, LateJob
from storage.ledger import Ledger
from storage.records import Amounts, CallFacts, Outcome, Posting, Status
from storage.redis_link import RedisLink
from storage.snapshot import read_standing

_log = logging.getLogger("purser.late")


@dataclass(frozen=True, slots=True)
class LateGrant:
    """A job as settlement sees an admitted call."""

    facts: CallFacts
    pricing: Pricing
    held: Amounts
    postings: tuple[Posting, ...]
    admitted_ms: int
    remaining_nano: int | None = None


@dataclass(frozen=True, slots=True)
class LateResult:
    """How late work ended. `cost`, where it was priced part by part, in place of its usage's."""

    outcome: Outcome
    cost: Amounts | None = None


def grant_of(job: LateJob) -> LateGrant:
    """The admitted call of a job, with the rate and prices of its admission."""
    return LateGrant(job.facts, thawed(job.pricing), job.held, job.postings, job.admitted_ms)


class LateWork:
    """What a proxy process does with late work."""

    def __init__(self, lifeline: Lifeline, settlement: Settlement, jobs: Jobs) -> None:
        self._lifeline = lifeline
        self._settlement = settlement
        self._jobs = jobs
        self._repeats = Repeats()

    async def intend(self, grant: Grant, kind: JobKind, *, pollable: bool) -> LateJob:
        """Write down that `grant` is about to be sent; raises `Unavailable` while SQL is away.

        Unlike other calls this one outlives Redis: what cannot be written where it outlives
        that too is not begun.
        """
        life_s = BATCH_JOB_S_MAX if kind == BATCH else RESPONSE_JOB_S_MAX
        job = LateJob(
            kind=kind,
            facts=grant.facts,
            held=grant.held,
            worst=grant.worst,
            ceiling=grant.output_ceiling,
            postings=grant.postings,
            admitted_ms=grant.admitted_ms,
            price_version=grant.pricing.version,
            pricing=frozen(grant.pricing),
            process_id=self._lifeline.holds.process_id,
            pollable=pollable,
            deadline_ms=grant.admitted_ms + life_s * 1000,
        )
        try:
            await self._jobs.write(job)
        except LedgerUnavailable as error:
            raise Unavailable(f"late work is begun only while SQL answers: {error}") from error
        return job

    async def started(self, job: LateJob, provider_id: str) -> LateJob:
        """The provider has named the job: it owns its hold now, or as soon as Redis answers.

        A janitor goes on where this process cannot.
        """
        named = job.known_as(provider_id)

        def waits(error: StorageError) -> None:
            _log.warning("a job waits for storage", extra={"job": named.name, "why": str(error)})

        await asyncio.shield(self._repeats.start(lambda: self._hand_over(named), waits))
        return named

    async def _hand_over(self, job: LateJob) -> None:
        await self._jobs.name(job.facts.hold_id, str(job.provider_id))
        await self._jobs.hand_over(job)
        self._lifeline.endings.open.pop(job.facts.hold_id, None)

    async def find(self, kind: JobKind, provider_id: str) -> LateJob | None:
        """The job of this id, while its cost is not known. None also while Redis is away."""
        try:
            return await self._jobs.find(kind, provider_id)
        except RedisUnavailable as error:
            _log.warning("a retrieval settles nothing", extra={"why": str(error)})
            return None

    async def settle(self, job: LateJob, result: LateResult) -> Receipt:
        """End a job by what a client has retrieved; the first end counts, whoever comes."""
        return await self._settlement.end(grant_of(job), result.outcome, result.cost)

    async def wait_until_acknowledged(self, timeout_s: float) -> bool:
        """Wait for handovers on their way: before a process leaves."""
        return await self._repeats.wait(timeout_s)


class LateBooks:
    """What a janitor does with late work: it adopts, ends and closes jobs."""

    def __init__(self, link: RedisLink, ledger: Ledger, janitor_id: str) -> None:
        self._link = link
        self._ledger = ledger
        self._holds = HoldStore(link, janitor_id)
        self.jobs = Jobs(link, ledger)

    async def unfinished(self) -> list[LateJob]:
        """Every job whose cost is not in the ledger yet; closes those whose cost is.

        Jobs that have an id own their hold afterwards, whatever became of their process.
        """
        jobs = await self.jobs.unfinished()
        if not jobs:
            return []
        ended = await self._ledger.ended(job.facts.hold_id for job in jobs)
        known = await self.jobs.handed_over()
        left: list[LateJob] = []
        now = await self.now_ms()
        for job in jobs:
            entries = ended.get(job.facts.hold_id, [])
            sure = bool(entries) and entries[-1].status is not Status.ASSUMED
            if sure or now > job.deadline_ms + LATE_TRUTH_S * 1000:
                await self.jobs.close(job.facts.hold_id)
                continue
            if job.provider_id is not None and job.name not in known:
                await self.jobs.hand_over(job)
            left.append(replace(job, assumed=bool(entries)))
        return left

    async def now_ms(self) -> int:
        """Redis's clock."""
        return (await read_standing(self._link)).now_ms

    async def adopt(self, job: LateJob, provider_id: str) -> LateJob:
        """A provider's list shows a job whose process died before it heard the id."""
        await self.jobs.name(job.facts.hold_id, provider_id)
        named = job.known_as(provider_id)
        await self.jobs.hand_over(named)
        _log.warning("an orphan was found", extra={"job": named.name})
        return named

    async def end(self, job: LateJob, result: LateResult) -> bool:
        """End or correct a job; False where somebody else has with other amounts."""
        grant = grant_of(job)
        cost, flags = cost_of(grant, result.outcome, result.cost)
        self._holds.epoch = (await read_standing(self._link)).epoch
        entries = await self._ledger.entries_of(job.facts.hold_id)
        prior = Prior(*totals_of(entries)) if entries else None
        try:
            await self._holds.end(
                job.facts, result.outcome, cost, flags, job.price_version, job.admitted_ms,
                job.postings, prior,
            )  # fmt: skip
        except Conflict as error:
            _log.critical("late work was told to end twice", extra={"why": str(error)})
            return False
        return True

    async def assume(self, job: LateJob) -> None:
        """Nobody can say what it cost: the whole hold is charged until the truth is known."""
        await self.end(job, LateResult(Outcome(Status.ASSUMED, tier=job.facts.tier)))
        _log.error("late work is charged in full", extra={"job": job.name})
