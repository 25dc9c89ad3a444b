"""Admission: the worst case of a call is held in every rule, or the call does not leave."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from budget.charge import Pricing, token_amounts, worst_amounts
from budget.endings import OpenCall
from budget.errors import Refused, Unavailable
from budget.lifeline import Lifeline
from budget.settlement import Settlement
from storage.errors import NotReady, OutboxFull, RedisUnavailable, ReplyLost
from storage.holds import Held, Refusal, Reserve, RuleCheck, StaleRules, StaleWindows
from storage.records import Amounts, CallFacts, Posting, WorstCase

_TURNS_MAX: Final = 5
"""How often a call takes up newer rules or windows before it is told to come back."""


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """What ops set for admission; a share is in per mille of what is left."""

    implicit_share_mille: int
    outbox_bytes_max: int


@dataclass(frozen=True, slots=True)
class Grant:
    """An admitted call and what is held for it. `remaining_nano` is that of the tightest rule."""

    facts: CallFacts
    pricing: Pricing
    worst: WorstCase
    held: Amounts
    output_ceiling: int
    lowered: bool
    """`output_ceiling` is to be spliced into the body: it was lowered, or nobody knows the
    model's own."""
    postings: tuple[Posting, ...]
    admitted_ms: int
    remaining_nano: int | None


class Admission:
    """Asks Redis for a hold, by the rules in force at that moment."""

    def __init__(
        self, lifeline: Lifeline, settlement: Settlement, limits: Callable[[], AdmissionLimits]
    ) -> None:
        self._lifeline = lifeline
        self._settlement = settlement
        self._limits = limits

    @property
    def budgeted(self) -> bool:
        """Whether any rule is in force."""
        book = self._lifeline.rulebook
        return book is None or bool(book.rules)

    async def admit(
        self, facts: CallFacts, worst: WorstCase, pricing: Pricing, hold: Amounts | None = None
    ) -> Grant:
        """Hold the worst case. Raises `Refused` or `Unavailable`; then nothing may be sent.

        `hold` is given where a call was bounded part by part, else `worst` is priced.
        """
        try:
            for _ in range(_TURNS_MAX):
                book = await self._lifeline.current_rulebook()
                ask = self._ask(facts, worst, pricing, book.checks(facts), hold)
                answer = await self._lifeline.holds.reserve(ask, book.generation.number)
                match answer:
                    case Held():
                        self._lifeline.endings.opened(
                            OpenCall(
                                facts, answer.amounts, answer.ceiling, answer.postings,
                                answer.admitted_ms, pricing.version, self._lifeline.holds.epoch,
                            )
                        )  # fmt: skip
                        return _granted(facts, worst, pricing, answer)
                    case Refusal():
                        raise Refused(answer)
                    case StaleRules():
                        await self._lifeline.reload_rules()
                    case StaleWindows(now_ms=now_ms):
                        book.turn(now_ms)
        except ReplyLost as error:
            # The hold may stand: it is voided until Redis acknowledges that, and the id is burnt.
            self._settlement.void_unknown(facts, pricing)
            raise Unavailable(f"the budget did not answer in time: {error}") from error
        except asyncio.CancelledError:
            # The caller has gone while Redis was asked: nobody else would end this hold.
            self._settlement.void_unknown(facts, pricing)
            raise
        except NotReady as error:
            self._lifeline.doubt()
            raise Unavailable(str(error)) from error
        except (RedisUnavailable, OutboxFull) as error:
            raise Unavailable(str(error)) from error
        raise Unavailable("the budget's rules are changing: try again")

    def _ask(
        self,
        facts: CallFacts,
        worst: WorstCase,
        pricing: Pricing,
        checks: list[RuleCheck],
        hold: Amounts | None,
    ) -> Reserve:
        limits = self._limits()
        full = hold or worst_amounts(pricing, worst, worst.output_ceiling)
        least = worst.output_ceiling
        if worst.lowerable:
            least = min(worst.output_ceiling, worst.min_output_tokens)
        return Reserve(
            facts=facts,
            rules=checks,
            full=full,
            full_ceiling=worst.output_ceiling,
            base=worst_amounts(pricing, replace(worst, choices=0), 0),
            each_token=token_amounts(pricing, worst),
            least_ceiling=least,
            implicit_share_mille=limits.implicit_share_mille,
            outbox_bytes_max=limits.outbox_bytes_max,
            price_version=pricing.version,
        )

    async def response_tokens(self, response_id: str) -> int | None:
        """Total tokens of an earlier `/v1/responses` answer; None where nobody remembers."""
        try:
            return await self._lifeline.holds.response_tokens(response_id)
        except RedisUnavailable as error:
            raise Unavailable(str(error)) from error


def _granted(facts: CallFacts, worst: WorstCase, pricing: Pricing, held: Held) -> Grant:
    return Grant(
        facts=facts,
        pricing=pricing,
        worst=worst,
        held=held.amounts,
        output_ceiling=held.ceiling,
        lowered=held.ceiling < worst.output_ceiling or (worst.lowerable and pricing.model is None),
        postings=held.postings,
        admitted_ms=held.admitted_ms,
        remaining_nano=held.remaining_nano,
    )
