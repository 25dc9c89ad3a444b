"""Settlement: a hold ends once, whatever happens to the client, the task or Redis."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from budget.charge import Pricing, amounts
from budget.endings import Ending, Endings
from budget.lifeline import Lifeline
from budget.repeats import Repeats
from storage.errors import StorageError
from storage.holds import Ended
from storage.records import Amounts, CallFacts, Flag, Outcome, Posting, Status, Usage

_log = logging.getLogger("purser.settlement")


class Granted(Protocol):
    """What settlement needs to know of an admitted call."""

    @property
    def facts(self) -> CallFacts:
        """Who calls what."""
        ...

    @property
    def pricing(self) -> Pricing:
        """Rate and prices of its admission."""
        ...

    @property
    def held(self) -> Amounts:
        """What is held for it."""
        ...

    @property
    def postings(self) -> tuple[Posting, ...]:
        """Where it counts."""
        ...

    @property
    def admitted_ms(self) -> int:
        """When it was admitted, by Redis's clock."""
        ...

    @property
    def remaining_nano(self) -> int | None:
        """What was left in the tightest rule at admission."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a call cost. `remaining_nano` is that of the tightest rule, None without rules."""

    amounts: Amounts
    remaining_nano: int | None
    flags: frozenset[Flag]


class Settlement:
    """Ends holds, each in a task of its own that no cancellation of a request reaches."""

    def __init__(self, lifeline: Lifeline) -> None:
        self._lifeline = lifeline
        self._repeats = Repeats()

    @property
    def _endings(self) -> Endings:
        return self._lifeline.endings

    async def end(self, grant: Granted, outcome: Outcome, cost: Amounts | None = None) -> Receipt:
        """End a hold: settled, failed, voided or assumed.

        `cost` is given where a call was priced part by part, else its usage is priced.

        Where Redis does not answer, the receipt is what this process computes, and the ending
        is repeated until it is acknowledged.
        """
        cost, flags = cost_of(grant, outcome, cost)
        ending = Ending(
            grant.facts, outcome, cost, flags, grant.pricing.version, grant.admitted_ms,
            grant.postings, self._epoch_of(grant),
        )  # fmt: skip
        ended = await self._carry_out(ending)
        if ended is None:
            return Receipt(cost, grant.remaining_nano, flags)
        return Receipt(ended.totals, ended.remaining_nano, flags)

    def void_unknown(self, facts: CallFacts, pricing: Pricing) -> None:
        """Void a hold that may or may not stand, until Redis acknowledges it."""
        ending = Ending(
            facts, Outcome(Status.VOIDED, tier=facts.tier), Amounts(), frozenset(),
            pricing.version, self._lifeline.now_ms(), (), self._lifeline.holds.epoch,
        )  # fmt: skip
        self._start(ending)

    async def charge_unheld(self, facts: CallFacts, pricing: Pricing, outcome: Outcome) -> None:
        """Post in full what was spent without a hold: the upstream began it by itself."""
        now_ms = self._lifeline.now_ms()
        book = self._lifeline.rulebook
        ending = Ending(
            facts, outcome, amounts(pricing, outcome.usage, outcome.tier), frozenset(),
            pricing.version, now_ms, book.postings(facts, now_ms) if book else (),
            self._lifeline.holds.epoch,
        )  # fmt: skip
        await self._carry_out(ending)

    async def wait_until_acknowledged(self, timeout_s: float) -> bool:
        """Wait for every ending to be acknowledged: before a process leaves."""
        return await self._repeats.wait(timeout_s)

    def _epoch_of(self, grant: Granted) -> str:
        call = self._endings.open.get(grant.facts.hold_id)
        return call.epoch if call else self._lifeline.holds.epoch

    async def _carry_out(self, ending: Ending) -> Ended | None:
        """Start the ending and wait for the first answer, not for the last."""
        return await asyncio.shield(self._start(ending))

    def _start(self, ending: Ending) -> asyncio.Future[Ended | None]:
        self._endings.keep(ending)

        def waits(error: StorageError) -> None:
            _log.warning(
                "an ending waits for Redis",
                extra={"hold_id": ending.facts.hold_id, "why": str(error)},
            )

        return self._repeats.start(
            lambda: self._endings.attempt(ending, self._lifeline.now_ms()), waits
        )


def cost_of(
    grant: Granted, outcome: Outcome, cost: Amounts | None = None
) -> tuple[Amounts, frozenset[Flag]]:
    """What an outcome costs, and the flags that follow from it."""
    flags = set(outcome.flags)
    if grant.pricing.model is None:
        flags.add(Flag.UNPRICED)
    match outcome.status:
        case Status.SETTLED if cost is not None:
            pass
        case Status.SETTLED:
            cost = amounts(grant.pricing, outcome.usage, outcome.tier)
        case Status.ASSUMED:
            cost = grant.held
            flags.add(Flag.ESTIMATED)
        case Status.FAILED if outcome.usage != Usage():
            cost = amounts(grant.pricing, outcome.usage, outcome.tier)
        case _:
            cost = Amounts()
    if cost.charge > grant.held.charge or cost.provider > grant.held.provider:
        flags.add(Flag.OVER_HOLD)
        _log.error(
            "a charge is above its hold",
            extra={
                "hold_id": grant.facts.hold_id,
                "charge_nano": cost.charge,
                "held_nano": grant.held.charge,
            },
        )
    return cost, frozenset(flags)
