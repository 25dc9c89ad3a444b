"""The burn-up chart: cumulative spend against limit, even pace and forecast."""

from dataclasses import dataclass

from insights.anomalies import Anomaly
from insights.books import Books
from insights.period import Granularity
from storage.holds import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """Cumulative spend at the end of a bucket (now, for the bucket that runs), nano-dollars."""

    at_ms: int
    spent_nano: int
    cumulative_nano: int


@dataclass(frozen=True, slots=True)
class LimitStep:
    """From `at_ms` on this limit bound. `who` and `why` are "" for the file's own."""

    at_ms: int
    limit_nano: int
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Band:
    """The forecast at one moment: expected cumulative spend and its 80 % interval."""

    at_ms: int
    expected_nano: int
    low_nano: int
    high_nano: int


@dataclass(frozen=True, slots=True)
class Burnup:
    """The primary rule's window (or the month at `at_ms`)."""

    rule: str
    window: Interval
    now_ms: int
    points: tuple[Point, ...]
    """From the window's start (0) until now."""
    steps: tuple[LimitStep, ...]
    pace: tuple[tuple[int, int], ...]
    """Even pace: (ms, nano) at the window's start and end."""
    forecast: tuple[Band, ...]
    """From now to the window's end; empty where nothing is foretold or the window is over."""
    anomalies: tuple[Anomaly, ...]
    version: int


async def burnup(
    books: Books, at_ms: int | None = None, granularity: Granularity = "day"
) -> Burnup | None:
    """The chart of the primary rule's window that holds `at_ms` (None: now); None without a
    primary rule."""
    raise NotImplementedError
