"""How full budgets are at this moment, read in one script that writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.bounds import EACH_VALUES_MAX
from storage import scripts
from storage.errors import NotReady, StorageError
from storage.holds import HoldStore, Interval, RuleCheck, StaleRules, StaleWindows, rule_arguments
from storage.records import Amounts, CallFacts


@dataclass(frozen=True, slots=True)
class Level:
    """One rule, or one value of it, in its current window; `limit_nano` is the one in force."""

    rule: str
    limit_nano: int
    posted_nano: int
    held_nano: int
    window: Interval

    @property
    def remaining_nano(self) -> int:
        """What is left; below zero where more was spent than allowed."""
        return self.limit_nano - self.posted_nano - self.held_nano


@dataclass(frozen=True, slots=True)
class Levels:
    """What would happen now. `reason` is "" where a call of these amounts would be admitted."""

    now_ms: int
    reason: str
    refused_by: str | None
    levels: tuple[Level, ...]


async def read_levels(
    holds: HoldStore,
    facts: CallFacts,
    amounts: Amounts,
    rules: Sequence[RuleCheck],
    generation: str,
) -> Levels | StaleRules | StaleWindows:
    """The budgets that count `facts`, and whether they take `amounts` more."""
    reply = await holds.link.run(
        scripts.LEVELS, holds.epoch, generation, amounts.charge, amounts.provider,
        EACH_VALUES_MAX, ".".join(facts.digests()), *rule_arguments(rules),
    )  # fmt: skip
    match reply:
        case ["levels", now, reason, rule, found]:
            return Levels(int(now), reason, rule or None, tuple(_level(*each) for each in found))
        case ["stale", now]:
            return StaleWindows(int(now))
        case ["stale_config", *_]:
            return StaleRules()
        case ["unready"]:
            raise NotReady("Redis has not been verified yet, or is being rebuilt")
    raise StorageError(f"the levels script answered {reply!r}")


def _level(rule: str, limit: str, posted: str, held: str, start: str, end: str) -> Level:
    return Level(rule, int(limit), int(posted), int(held), Interval(int(start), int(end)))
