"""Which time is looked at, cut into buckets in the budgets' zone, with the period before it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from budget.windows import window_at
from config.rules import Window
from storage.holds import Interval

Preset = Literal[
    "today", "yesterday", "last_24h", "last_7d", "last_30d", "last_90d",
    "this_week", "this_month", "last_month", "custom",
]  # fmt: skip
Granularity = Literal["hour", "day", "week", "month"]

BUCKETS_MAX: Final = 800
"""A granularity with more buckets is refused: nobody could read them."""
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
HOURS_UP_TO_DAYS: Final = 2
DAYS_UP_TO_DAYS: Final = 120
_ROLLING: Final = {"last_7d": 7, "last_30d": 30, "last_90d": 90}
_WINDOWS: Final = {
    "today": Window.DAY, "this_week": Window.WEEK, "this_month": Window.MONTH,
    "yesterday": Window.DAY, "last_month": Window.MONTH,
}  # fmt: skip


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
    def interval(self) -> Interval:
        """All of it."""
        return Interval(self.start_ms, self.end_ms)

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
    def previous(self) -> Interval:
        """What to compare with: equally far into the period before (a month's first ten days
        with the first ten days of the month before)."""
        window = _WINDOWS.get(self.preset)
        if window is None:
            start = self.start_ms - (self.end_ms - self.start_ms)
        else:
            start = window_at(window, self.timezone, self.start_ms - 1).start_ms
        elapsed = self.elapsed.end_ms - self.start_ms
        return Interval(start, min(start + elapsed, self.start_ms))


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

    Without a granularity: hours up to 2 days, days up to 120, else weeks. Raises `BadPeriod`.
    """
    found = _interval(preset, timezone, now_ms, first, last)
    days = (found.end_ms - found.start_ms) / DAY_MS
    if granularity is None:
        shorter: Granularity = "hour" if days <= HOURS_UP_TO_DAYS else "day"
        granularity = shorter if days <= DAYS_UP_TO_DAYS else "week"
    size = HOUR_MS if granularity == "hour" else DAY_MS
    if (found.end_ms - found.start_ms) // size > BUCKETS_MAX and granularity in ("hour", "day"):
        raise BadPeriod(
            f"{days:.0f} days by the {granularity} are more than {BUCKETS_MAX} points: "
            "choose a coarser granularity or a shorter period"
        )
    return Period(preset, found.start_ms, found.end_ms, granularity, timezone, now_ms)


def _interval(
    preset: Preset, timezone: str, now_ms: int, first: date | None, last: date | None
) -> Interval:
    if preset == "custom":
        if first is None or last is None:
            raise BadPeriod("a custom period needs its first and its last day")
        if first > last:
            raise BadPeriod(f"the first day {first} is after the last day {last}")
        return Interval(_day(first, timezone).start_ms, _day(last, timezone).end_ms)
    if preset == "last_24h":
        end = -(-now_ms // HOUR_MS) * HOUR_MS
        return Interval(end - DAY_MS, end)
    if preset in _ROLLING:
        today = window_at(Window.DAY, timezone, now_ms)
        # Noon of a day is never in another day, whatever clocks do.
        noon = today.start_ms + DAY_MS // 2 - (_ROLLING[preset] - 1) * DAY_MS
        return Interval(window_at(Window.DAY, timezone, noon).start_ms, today.end_ms)
    if preset not in _WINDOWS:
        raise BadPeriod(f"there is no period {preset!r}")
    current = window_at(_WINDOWS[preset], timezone, now_ms)
    if preset in ("yesterday", "last_month"):
        return window_at(_WINDOWS[preset], timezone, current.start_ms - 1)
    return current


def _day(day: date, timezone: str) -> Interval:
    try:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        found = window_at(Window.DAY, timezone, int(noon.timestamp() * 1000))
        if local_day(found.start_ms, timezone) == day:
            return found
        # Zones more than twelve hours from UTC have another day at its noon.
        later = local_day(found.start_ms, timezone) < day
        beside = found.end_ms if later else found.start_ms - 1
        return window_at(Window.DAY, timezone, beside)
    except (OverflowError, ValueError) as error:
        raise BadPeriod(f"the day {day} is beyond what can be shown") from error


def local_day(time_ms: int, timezone: str) -> date:
    """The day that it is at a moment in a zone."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return moment.astimezone(ZoneInfo(timezone)).date()


@lru_cache(maxsize=256)
def cut(
    start_ms: int, end_ms: int, granularity: Granularity, timezone: str
) -> tuple[Interval, ...]:
    """[start, end) cut at the zone's borders."""
    found: list[Interval] = []
    at = start_ms
    while at < end_ms:
        window = window_at(Window(granularity), timezone, at)
        found.append(Interval(at, min(window.end_ms, end_ms)))
        at = window.end_ms
    return tuple(found)
