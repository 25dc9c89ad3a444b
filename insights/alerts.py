"""What an admin should look at now."""

from dataclasses import dataclass
from typing import Literal

from insights.books import Books
from storage.records import LedgerEntry


@dataclass(frozen=True, slots=True)
class Threshold:
    """An alert threshold of a rule, or of one value of it."""

    rule: str
    value_name: str
    at_mille: int
    level_mille: int | None
    """Posted of the limit now."""
    crossed: bool


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


async def alerts(books: Books) -> Alerts:
    """What stands now."""
    raise NotImplementedError
