"""The cards: is money safe, at one glance. All amounts nano-dollars, shares per mille."""

from dataclasses import dataclass
from typing import Literal

from insights.books import Books, Tone
from insights.period import Period
from storage.holds import Interval
from storage.usage import Scope


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the period, of the one before (None: nothing to compare), and its buckets."""

    value: int
    before: int | None
    series: tuple[int, ...]
    """One number a bucket of `Period.buckets`; buckets ahead are 0."""

    @property
    def change_mille(self) -> int | None:
        """Change against the period before, per mille; None where that was 0 or unknown."""
        return None if not self.before else round((self.value - self.before) * 1000 / self.before)


@dataclass(frozen=True, slots=True)
class BudgetCard:
    """The primary rule's budget in its current window (not the period). None: no primary rule."""

    rule: str
    window: Interval
    limit_nano: int
    limit_from: str
    """"override", "environment", "file" or "default"; the rules section tells it in full."""
    spent_nano: int
    """By the ledger, in what the rule counts."""
    posted_nano: int | None
    """By Redis, with what has not reached the ledger yet; None while Redis is away."""
    held_nano: int | None
    remaining_nano: int
    """limit − (posted, else spent) − held; below zero where more was spent than allowed."""
    utilisation_mille: int | None
    tone: Tone
    refusing: bool
    why_refusing: str
    """"" or in words: frozen, budget spent."""
    days_left: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """Money set aside for calls that have not ended; None amounts while Redis is away."""

    held_nano: int | None
    calls: int | None
    oldest_ms: int | None
    """When the oldest was admitted."""


@dataclass(frozen=True, slots=True)
class ProjectionCard:
    """Where the window ends if days go on as they went (80 % band)."""

    expected_nano: int
    low_nano: int
    high_nano: int
    runs_out_ms: int | None
    """When the limit is reached at the expected pace; None where not before the window's end."""
    days_observed: int
    method: Literal["weekday_means", "daily_mean"]
    tone: Tone


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the cards show."""

    period: Period
    scope: Scope
    counts_sentence: str
    """What these figures count, in words."""
    budget: BudgetCard | None
    spent: Figure
    in_flight: InFlight
    projection: ProjectionCard | None
    """None with fewer than three full days to go by, or without a primary rule."""
    requests: Figure
    refused: Figure
    failed: Figure
    tokens: Figure
    cache_savings: Figure
    """Provider price of cached input had it not been cached, less what it cost."""
    version: int
    """`storage.usage.figures_version` at which it was read."""


async def overview(books: Books, period: Period, scope: Scope = Scope()) -> Overview:
    """The cards for a period. With a narrower scope, budget and projection stay the rule's."""
    raise NotImplementedError
