"""Which time is looked at, cut into buckets in the budgets' zone, with the period before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from config.rules import Window
from storage.holds import Interval

Preset = Literal[
    "today", "yesterday", "last_24h", "last_7d", "last_30d", "last_90d",
    "this_week", "this_month", "last_month", "custom",
]  # fmt: skip
Granularity = Literal["hour", "day", "week", "month"]

BUCKETS_MAX: Final = 800
"""A finer granularity than this many buckets is refused: nobody could read them."""


class BadPeriod(ValueError):
    """A period that cannot be shown; the text says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) in milliseconds UTC. `end_ms` may lie ahead (the rest of this month)."""

    preset: Preset
    start_ms: int
    end_ms: int
    granularity: Granularity
    timezone: str
    now_ms: int

    @property
    def current(self) -> bool:
        """Whether now lies in it."""
        return self.start_ms <= self.now_ms < self.end_ms

    @property
    def buckets(self) -> tuple[Interval, ...]:
        """The period cut at the zone's hours, days, weeks or months; all of it, also ahead."""
        return cut(self.start_ms, self.end_ms, self.granularity, self.timezone)

    @property
    def elapsed(self) -> Interval:
        """What of it is over."""
        return Interval(self.start_ms, max(self.start_ms, min(self.end_ms, self.now_ms)))

    @property
    def previous(self) -> "Period":
        """The period to compare with: equally far into the one before (a month's first 10 days
        against the month before's first 10 days)."""
        raise NotImplementedError


def period_of(
    preset: Preset,
    timezone: str,
    now_ms: int,
    *,
    first: date | None = None,
    last: date | None = None,
    granularity: Granularity | None = None,
) -> Period:
    """A preset, or `custom` from day `first` to day `last` (both included, in the zone).

    Without a granularity: hours up to 2 days, days up to 120 days, else weeks. Raises `BadPeriod`.
    """
    raise NotImplementedError


def cut(start_ms: int, end_ms: int, granularity: Granularity, timezone: str) -> tuple[Interval, ...]:
    """[start, end) cut at the zone's borders."""
    raise NotImplementedError


_WINDOWS: Mapping[Granularity, Window] = {
    "hour": Window.HOUR, "day": Window.DAY, "week": Window.WEEK, "month": Window.MONTH,
}  # fmt: skip
