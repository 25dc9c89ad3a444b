"""The burn-up chart: cumulative spend against limit, even pace and forecast."""

from dataclasses import dataclass
from typing import Final

from budget.windows import current_window, window_at
from config.rules import Rule, Window
from insights.anomalies import Anomaly, anomalies
from insights.books import Books, at_one_moment
from insights.outlook import Outlook, observed_days, outlook
from insights.period import DAY_MS, Granularity, cut
from insights.spend import spent_by_bucket
from storage.holds import NO_WINDOW_END_MS, Interval
from storage.override_history import changes, in_force
from storage.usage import figures_version

TOTAL_BACK_MS: Final = 90 * DAY_MS
"""How much of a window without end is drawn."""


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


@at_one_moment
async def burnup(
    books: Books, at_ms: int | None = None, granularity: Granularity = "day"
) -> Burnup | None:
    """The chart of the primary rule's window that holds `at_ms` (None: now); None without a
    primary rule."""
    rule = books.primary
    if rule is None:
        return None
    version = await figures_version(books.ledger)
    window = current_window(rule, books.now_ms if at_ms is None else at_ms)
    points = await _points(books, rule, window, granularity)
    spent = points[-1].cumulative_nano if points else 0
    steps = await limit_steps(books, rule, window)
    current = window.start_ms <= books.now_ms < window.end_ms
    ahead = await outlook(books.ledger, rule, window, spent, books.now_ms) if current else None
    observed = ahead.observed if ahead else await observed_days(books.ledger, rule, window.end_ms)
    end_ms = window.end_ms
    if end_ms == NO_WINDOW_END_MS:
        end_ms = ahead.steps[-1][0] if ahead and ahead.steps else books.now_ms
    return Burnup(
        rule=rule.name,
        window=window,
        now_ms=books.now_ms,
        points=points,
        steps=steps,
        pace=((window.start_ms, 0), (end_ms, steps[-1].limit_nano)),
        forecast=_forecast(ahead, spent, books.now_ms) if ahead else (),
        anomalies=tuple(
            one for one in anomalies(observed) if window.start_ms <= one.start_ms < window.end_ms
        ),
        version=version,
    )


async def _points(
    books: Books, rule: Rule, window: Interval, granularity: Granularity
) -> tuple[Point, ...]:
    """Cumulative spend; a window without end begins with the first day that is looked back on."""
    start = window.start_ms
    if rule.window is Window.TOTAL:
        day = window_at(Window.DAY, rule.timezone, books.now_ms - TOTAL_BACK_MS)
        start = day.start_ms
    end = min(window.end_ms, books.now_ms)
    # The bucket that runs is asked to its own end: what is admitted now is not cut off.
    whole = cut(start, window_at(Window(granularity), rule.timezone, end).end_ms, granularity,
                rule.timezone) if end > start else ()  # fmt: skip
    spent = await spent_by_bucket(books.ledger, rule, whole)
    total = 0
    if start > window.start_ms:
        total = sum(await spent_by_bucket(books.ledger, rule, (Interval(0, start),)))
    points = [Point(start, 0, total)]
    for bucket, nano in zip(whole, spent, strict=True):
        total += nano
        points.append(Point(min(bucket.end_ms, end), nano, total))
    return tuple(points)


async def limit_steps(books: Books, rule: Rule, window: Interval) -> tuple[LimitStep, ...]:
    """Which limit bound from when on; the last is the one in force."""
    made = [] if rule.locked else await changes(books.ledger, rule.counter)
    made = [one for one in made if not one.value]
    moments = [window.start_ms]
    moments += [one.made_ms for one in made if window.start_ms < one.made_ms < window.end_ms]
    steps: list[LimitStep] = []
    for at in moments:
        bound = in_force(made, window.start_ms, at)
        if bound is None or bound.limit_nano is None:
            step = LimitStep(at, rule.limit_nano, "", "")
        else:
            step = LimitStep(at, bound.limit_nano, bound.who, bound.why)
        if not steps or step.limit_nano != steps[-1].limit_nano:
            steps.append(step)
    return tuple(steps)


def _forecast(ahead: Outlook, spent_nano: int, now_ms: int) -> tuple[Band, ...]:
    if not ahead.steps:
        return ()
    bands = [Band(now_ms, spent_nano, spent_nano, spent_nano)]
    for at, found in ahead.steps:
        bands.append(Band(at, found.expected_nano, found.low_nano, found.high_nano))
    return tuple(bands)
