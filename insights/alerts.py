"""What an admin should look at now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from insights.books import Books, at_one_moment
from insights.period import DAY_MS, HOUR_MS
from insights.rules import RuleRow, rules
from insights.sources import Source
from storage.errors import StorageError
from storage.notices import Refused, flagged_since, refused_since
from storage.outbox import quarantined
from storage.records import Flag, LedgerEntry

ALARMING: Final = (Flag.OVER_HOLD, Flag.RECOVERED)
FLAGGED_MAX: Final = 100
FULL_MILLE: Final = 1000


@dataclass(frozen=True, slots=True)
class Threshold:
    """An alert threshold of a rule, or of one value of it."""

    rule: str
    value_name: str
    at_mille: int
    level_mille: int | None
    """Posted of the limit now."""
    crossed: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Refusals:
    """Refused calls of the last hour by rule and reason."""

    rule: str
    reason: str
    count: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Alerts:
    """The section."""

    thresholds: tuple[Threshold, ...]
    """Crossed ones first."""
    refusals: tuple[Refusals, ...]
    flagged: tuple[LedgerEntry, ...]
    """Entries of the last 24 hours with over_hold or recovered, newest first, at most 100."""
    quarantined: tuple[tuple[int, str], ...]
    """Records that SQL does not take: sequence number and why."""
    level: Literal["quiet", "attention", "alarm"]


@at_one_moment
async def alerts(books: Books) -> Alerts:
    """What stands now."""
    thresholds = _thresholds(await rules(books))
    try:
        broken = tuple(sorted((await quarantined(books.link)).items()))
    except StorageError:
        broken = ()
    refusals = _refusals(await refused_since(books.ledger, books.now_ms - HOUR_MS))
    flagged = await flagged_since(books.ledger, books.now_ms - DAY_MS, ALARMING, FLAGGED_MAX)
    crossed = [one for one in thresholds if one.crossed]
    alarm = bool(broken or flagged) or any(one.at_mille >= FULL_MILLE for one in crossed)
    attention = bool(crossed or refusals)
    return Alerts(
        thresholds=thresholds,
        refusals=refusals,
        flagged=tuple(flagged),
        quarantined=broken,
        level="alarm" if alarm else "attention" if attention else "quiet",
    )


def _thresholds(rows: Sequence[RuleRow]) -> tuple[Threshold, ...]:
    found = [
        Threshold(row.rule.name, row.value_name, at, row.utilisation_mille,
                  row.utilisation_mille is not None and row.utilisation_mille >= at,
                  row.alerting.source)
        for row in rows
        if row.value_name or not row.rule.each
        for at in row.alerting.at_mille
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: not one.crossed))


def _refusals(refused: Sequence[Refused]) -> tuple[Refusals, ...]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for one in refused:
        count, last = sums.get((one.rule, one.reason), (0, 0))
        sums[one.rule, one.reason] = count + one.count, max(last, one.last_ms)
    found = [Refusals(rule, why, count, last) for (rule, why), (count, last) in sums.items()]
    return tuple(sorted(found, key=lambda one: -one.count))
