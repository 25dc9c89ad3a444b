"""Late work: calls whose cost shows long after their answer, and who holds their money meanwhile.

A job outlives the process that began it, and Redis too. Its row in `late_job` is therefore
written before the call leaves: it alone can tell a Redis that was emptied what is held, and
whom to charge once the provider's list shows work whose process died before it heard its id.
In Redis, `jobs` says which hold belongs to a provider's id; `open` has the job as its owner.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

import orjson
from sqlalchemy import insert, select, update

from storage import scripts
from storage.database import reading, writing
from storage.entries import record_of
from storage.errors import NotReady
from storage.holds import pack_postings, unpack_postings
from storage.ledger import Ledger
from storage.presence import JOB_OWNER
from storage.records import Amounts, Caller, CallFacts, Posting, WorstCase
from storage.redis_link import PREFIX, Argument, RedisLink
from storage.tables import late_job

JobKind = Literal["batch", "response"]

BATCH: Final = "batch"
RESPONSE: Final = "response"


@dataclass(frozen=True, slots=True)
class LateJob:
    """One call whose cost comes late. `pricing` is what `budget` made of rate and prices."""

    kind: JobKind
    facts: CallFacts
    held: Amounts
    worst: WorstCase
    ceiling: int
    postings: tuple[Posting, ...]
    admitted_ms: int
    price_version: str
    pricing: Mapping[str, Any] = field(hash=False)
    process_id: str
    pollable: bool
    """False: only the client has a key that may ask for it."""
    deadline_ms: int
    provider_id: str | None = None
    """The provider's name for it; None until it has answered."""
    assumed: bool = False
    """It was charged in full; what it truly costs corrects that."""

    @property
    def name(self) -> str:
        """What Redis calls it."""
        return f"{self.kind}:{self.provider_id}"

    @property
    def owner(self) -> str:
        """Who has its hold: the job, or the process that has not heard an id yet."""
        return self.process_id if self.provider_id is None else JOB_OWNER + self.name

    def known_as(self, provider_id: str) -> "LateJob":
        """The same, once the provider has named it."""
        return replace(self, provider_id=provider_id)

    def dump(self) -> bytes:
        """As JSON."""
        plain = asdict(self) | {"postings": pack_postings(self.postings)}
        return orjson.dumps(plain)

    @classmethod
    def load(cls, dumped: bytes | str) -> "LateJob":
        """The job of a JSON made by `dump`."""
        plain = orjson.loads(dumped)
        facts, worst = plain["facts"], plain["worst"]
        facts["caller"] = Caller(**facts["caller"])
        worst["tiers"] = tuple(worst["tiers"])
        return cls(
            **plain
            | {
                "facts": CallFacts(**facts),
                "worst": WorstCase(**worst),
                "held": Amounts(**plain["held"]),
                "postings": unpack_postings(plain["postings"]),
            }
        )

    def as_hold(self) -> list[Argument]:
        """Its hold, as the recovery tells it to Redis."""
        return [
            self.facts.hold_id, self.owner, self.admitted_ms, self.held.charge,
            self.held.provider, self.ceiling, pack_postings(self.postings),
            ".".join(self.facts.digests()), record_of(self.facts, self.price_version),
        ]  # fmt: skip


class Jobs:
    """The table `late_job` and what Redis has of it. Raises `LedgerUnavailable` for the first."""

    def __init__(self, link: RedisLink, ledger: Ledger) -> None:
        self._link = link
        self._engine = ledger.engine

    async def write(self, job: LateJob) -> None:
        """Write down a job that is about to be sent."""
        async with writing(self._engine) as connection:
            await connection.execute(
                insert(late_job).values(
                    hold_id=job.facts.hold_id,
                    kind=job.kind,
                    provider_id=job.provider_id,
                    process_id=job.process_id,
                    pollable=job.pollable,
                    state="open",
                    created_ms=job.admitted_ms,
                    deadline_ms=job.deadline_ms,
                    record=job.dump().decode(),
                )
            )

    async def name(self, hold_id: str, provider_id: str) -> None:
        """Write down how the provider calls it."""
        table = late_job.c
        async with writing(self._engine) as connection:
            await connection.execute(
                update(late_job)
                .where(table.hold_id == hold_id, table.provider_id.is_(None))
                .values(provider_id=provider_id)
            )

    async def close(self, hold_id: str) -> None:
        """Write down that its cost stands in the ledger, or will never be known."""
        async with writing(self._engine) as connection:
            await connection.execute(
                update(late_job).where(late_job.c.hold_id == hold_id).values(state="closed")
            )

    async def unfinished(self) -> list[LateJob]:
        """Every job that is not closed, the oldest first."""
        table = late_job.c
        query = (
            select(table.provider_id, table.record)
            .where(table.state != "closed")
            .order_by(table.created_ms, table.hold_id)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            replace(LateJob.load(record), provider_id=provider_id) for provider_id, record in rows
        ]

    async def find(self, kind: JobKind, provider_id: str) -> LateJob | None:
        """The job of a provider's id while its cost is not known; asks Redis alone."""
        found = await self._link.command("HGET", f"{PREFIX}jobs", f"{kind}:{provider_id}")
        return None if found is None else LateJob.load(found)

    async def handed_over(self) -> set[str]:
        """The names of all jobs that Redis knows."""
        return set(await self._link.hash("jobs"))

    async def hand_over(self, job: LateJob) -> str:
        """Make the job the owner of its hold; again is harmless.

        Returns `held`, `assumed`, or `ended`. Raises `NotReady` while Redis is rebuilt.
        """
        reply = await self._link.run(scripts.HANDOVER, job.facts.hold_id, job.name, job.dump())
        if reply[0] == "unready":
            raise NotReady("Redis has not been verified yet, or is being rebuilt")
        return str(reply[0])
