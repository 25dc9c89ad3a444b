"""A hold while its call is on its way: it ends exactly once, whatever happens on the way."""

import asyncio
from contextlib import suppress
from types import TracebackType

from budget.admission import Admission, Grant
from budget.charge import Pricing
from budget.errors import Refused, Unavailable
from budget.settlement import Receipt, Settlement
from proxy.log import CallLine, ms_since
from proxy.meter import Reading
from storage.records import Amounts, CallFacts, Flag, Outcome, Status, Usage, WorstCase


async def hold_for(
    admission: Admission,
    settlement: Settlement,
    facts: CallFacts,
    worst: WorstCase,
    pricing: Pricing,
    hold: Amounts | None = None,
) -> Grant:
    """A grant; raises `Refused`, `Unavailable`.

    Whoever is cancelled while asking cannot know whether money is held: the answer is awaited
    all the same, and a hold that it made is voided.
    """
    asking = asyncio.create_task(admission.admit(facts, worst, pricing, hold))
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        with suppress(Refused, Unavailable):
            await settlement.end(await asking, Outcome(Status.VOIDED))
        raise


class OpenHold:
    """`async with` one: a way out that ended nothing voids it, or assumes it once sent."""

    def __init__(self, settlement: Settlement, grant: Grant, line: CallLine) -> None:
        self.grant = grant
        self.sent = False
        """Something of the request may have left."""
        self.ended = False
        self.late = False
        """A job owns it now: it ends when its cost is known, not when the request does."""
        self._settlement = settlement
        self.line = line

    async def __aenter__(self) -> "OpenHold":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.ours:
            return
        if self.sent:
            await self.assume()
        else:
            await self.void()

    @property
    def ours(self) -> bool:
        """Whether this request still has to end it."""
        return not (self.ended or self.late)

    def pass_on(self) -> None:
        """The provider has named the work: its job ends the hold."""
        self.late = True
        self.line.outcome = "late"

    def sending(self) -> None:
        """From here on nobody can say that nothing was sent."""
        self.sent = True

    async def settle(
        self, reading: Reading, usage: Usage, flags: frozenset[Flag] = frozenset()
    ) -> Receipt:
        """Charge `usage`; an answer that says itself to have failed is told apart by its status."""
        flags |= reading.flags
        if self.grant.lowered and reading.ended_at_ceiling:
            flags |= {Flag.LOWERED_CEILING_HIT}
        return await self._end(
            Outcome(
                Status.FAILED if reading.failed else Status.SETTLED,
                usage=usage,
                served_model=reading.served_model,
                tier=reading.tier,
                flags=flags,
                response_id=reading.response_id,
                http_status=self.line.upstream_status,
                latency_ms=ms_since(self.line.start_s),
                ttfb_ms=self.line.ttfb_ms,
            )
        )

    async def fail(self) -> Receipt:
        """The upstream answered with an error: nothing is charged."""
        return await self._plain(Status.FAILED)

    async def void(self) -> Receipt:
        """Certainly nothing was sent: nothing is charged."""
        return await self._plain(Status.VOIDED)

    async def assume(self) -> Receipt:
        """Nobody can know what was used: the whole hold is charged."""
        return await self._plain(Status.ASSUMED)

    async def _plain(self, status: Status) -> Receipt:
        return await self._end(
            Outcome(
                status,
                http_status=self.line.upstream_status,
                latency_ms=ms_since(self.line.start_s),
                ttfb_ms=self.line.ttfb_ms,
            )
        )

    async def _end(self, outcome: Outcome) -> Receipt:
        assert not self.ended, "a hold ends once"
        self.ended = True
        receipt = await self._settlement.end(self.grant, outcome)
        self.line.ended(outcome.status, receipt)
        return receipt
