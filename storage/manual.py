"""Costs told by hand: one script posts them in every rule and writes them to the outbox, once."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.bounds import EACH_VALUES_MAX
from storage import scripts
from storage.entries import record_of, refusal_line
from storage.errors import NotReady, OutboxFull, StorageError
from storage.holds import (
    NO_WINDOW_END_MS,
    HoldStore,
    Refusal,
    RuleCheck,
    StaleRules,
    StaleWindows,
    rule_arguments,
    unpack_postings,
)
from storage.records import Amounts, CallFacts, Outcome, Posting, Status, Usage


@dataclass(frozen=True, slots=True)
class ManualCost:
    """A cost as it asks to be recorded. `digest` stands for what was told."""

    facts: CallFacts
    digest: str
    tokens: int
    amounts: Amounts
    enforce: bool
    additional: bool
    """Record it although calls of its execution are in the ledger."""
    price_version: str
    outbox_bytes_max: int

    @property
    def outcome(self) -> Outcome:
        """How the ledger will have it: tokens of an unknown kind count as input."""
        return Outcome(Status.MANUAL, Usage(input_tokens=self.tokens))


@dataclass(frozen=True, slots=True)
class Recorded:
    """It stands in every rule and in the outbox. `over` names budgets now above their limit."""

    seq: int
    admitted_ms: int
    postings: tuple[Posting, ...]
    over: tuple[str, ...]
    remaining_nano: int | None


@dataclass(frozen=True, slots=True)
class RecordedBefore:
    """This id was recorded already. `digest` is "" where Redis no longer knows what was told."""

    digest: str
    amounts: Amounts
    admitted_ms: int
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metered:
    """A call of this execution has been charged: `hold_id` is one of them."""

    hold_id: str


Answer = Recorded | RecordedBefore | Metered | Refusal | StaleRules | StaleWindows


async def record(
    holds: HoldStore, cost: ManualCost, rules: Sequence[RuleCheck], generation: str
) -> Answer:
    """Record it once. Safe to repeat; raises `NotReady`, `OutboxFull` and `RedisUnavailable`."""
    facts = cost.facts
    execution = "" if cost.additional else facts.caller.execution_id or ""
    reply = await holds.link.run(
        scripts.MANUAL, holds.epoch, generation, facts.hold_id, cost.digest, cost.amounts.charge,
        cost.amounts.provider, "1" if cost.enforce else "", execution, cost.outbox_bytes_max,
        EACH_VALUES_MAX, ".".join(facts.digests()),
        record_of(facts, cost.price_version, cost.outcome), refusal_line(facts),
        *rule_arguments(rules),
    )  # fmt: skip
    match reply:
        case ["recorded", seq, admitted, postings, over, remaining]:
            return Recorded(
                int(seq), int(admitted), unpack_postings(postings), _names(over),
                int(remaining) if remaining else None,
            )  # fmt: skip
        case ["again", digest, charge, provider, _, admitted, over]:
            amounts = Amounts(int(charge), int(provider))
            return RecordedBefore(digest, amounts, int(admitted), _names(over))
        case ["metered", hold_id]:
            return Metered(hold_id)
        case ["refused", reason, rule, *numbers, window_end, now]:
            limit, posted, held, needed = map(int, numbers)
            ends = int(window_end or NO_WINDOW_END_MS)
            return Refusal(reason, rule or None, limit, posted, held, needed, ends, int(now))
        case ["stale", now]:
            return StaleWindows(int(now))
        case ["stale_config", *_]:
            return StaleRules()
        case ["outbox_full"]:
            raise OutboxFull("settled calls wait for SQL: nothing is recorded until it has them")
        case ["unready"]:
            raise NotReady("Redis has not been verified yet, or is being rebuilt")
    raise StorageError(f"the manual script answered {reply!r}")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)
