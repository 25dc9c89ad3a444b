"""What a month will have cost by its end: an honest guess, with how far it may be off.

Method: each full day before now is one observation. A day's expected spend is the mean of the
observed days of its weekday; with less than two weeks of days, weekdays say nothing yet and the
mean of all days stands for each. The rest of today counts by its share. The interval is a
prediction interval of 80 %: the standard deviation of the days around their means, for the sum of
the days that remain, widened for the means being guesses themselves, by Student's t for the few
days there are. It assumes that days go on as they went; it knows nothing of plans.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import Final

INTERVAL_SHARE: Final = 0.8
WEEKDAY_DAYS_MIN: Final = 14
DAYS_MIN: Final = 3
"""With fewer full days nothing is foretold."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one full day cost, nano-dollars. Weekdays count from Monday, 0."""

    weekday: int
    spent_nano: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """A day that is not over: the share of it that remains, above 0 and at most 1."""

    weekday: int
    share: float


@dataclass(frozen=True, slots=True)
class Projection:
    """The month's total at its end, nano-dollars, and the bounds of the 80 % interval."""

    expected_nano: int
    low_nano: int
    high_nano: int
    days_observed: int
    by_weekday: bool


def project(spent_nano: int, days: Sequence[Day], ahead: Sequence[Ahead]) -> Projection | None:
    """The projection, given what is spent so far; None with too few days to go by."""
    if len(days) < DAYS_MIN:
        return None
    by_weekday = len(days) >= WEEKDAY_DAYS_MIN
    means = _means(days, by_weekday=by_weekday)
    expected = sum(means[day.weekday] * day.share for day in ahead)
    groups = len({day.weekday for day in days}) if by_weekday else 1
    freedom = len(days) - groups
    squares = sum((day.spent_nano - means[day.weekday]) ** 2 for day in days)
    remaining = sum(day.share for day in ahead)
    # Variance of the days to come, and of the means that stand for them.
    variance = squares / freedom * remaining * (1 + remaining / len(days))
    reach = _student(freedom) * math.sqrt(variance)
    return Projection(
        expected_nano=spent_nano + round(expected),
        low_nano=spent_nano + max(0, round(expected - reach)),
        high_nano=spent_nano + round(expected + reach),
        days_observed=len(days),
        by_weekday=by_weekday,
    )


def _means(days: Sequence[Day], *, by_weekday: bool) -> list[float]:
    """The expected spend of each weekday."""
    overall = fmean(day.spent_nano for day in days)
    if not by_weekday:
        return [overall] * 7
    found = []
    for weekday in range(7):
        seen = [day.spent_nano for day in days if day.weekday == weekday]
        found.append(fmean(seen) if seen else overall)
    return found


def _student(freedom: int) -> float:
    """The two-sided quantile of Student's t, by the expansion in Abramowitz and Stegun 26.7.5."""
    z = NormalDist().inv_cdf((1 + INTERVAL_SHARE) / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
