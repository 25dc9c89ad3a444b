"""Days that cost far more or less than days of their weekday do."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from insights.forecast import Day

SCORE_MIN: Final = 3.5
"""Iglewicz and Hoaglin (1993), "How to Detect and Handle Outliers": |modified z| above 3.5."""

NORMAL_SHARE: Final = 0.6745
"""The 0.75 quantile of the normal distribution: what makes a MAD comparable to a deviation."""

WEEKDAY_DAYS_MIN: Final = 28
"""With less than four of each weekday, all days are compared with each other."""
DAYS_MIN: Final = 7
SHARE_MIN: Final = 0.2
"""A day within a fifth of what was expected is no anomaly, however alike the others are."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A full day that stands out. `expected_nano` is the median it is compared with."""

    start_ms: int
    end_ms: int
    spent_nano: int
    expected_nano: int
    score: float


def anomalies(days: Sequence[tuple[int, int, Day]]) -> tuple[Anomaly, ...]:
    """Those of `days` (start, end, day), oldest first, that stand out.

    Modified z-score: 0.6745 × (day − median) / MAD. Medians are those of the weekday; the MAD is
    that of all days around their medians, so that few days of a weekday do not make it small.
    """
    if len(days) < DAYS_MIN:
        return ()
    by_weekday = len(days) >= WEEKDAY_DAYS_MIN
    groups: dict[int, list[int]] = {}
    for _, _, day in days:
        groups.setdefault(day.weekday if by_weekday else 0, []).append(day.spent_nano)
    medians = {weekday: median(spent) for weekday, spent in groups.items()}
    expected = [medians[day.weekday if by_weekday else 0] for _, _, day in days]
    off = [day.spent_nano - middle for (_, _, day), middle in zip(days, expected, strict=True)]
    spread = median(abs(each) for each in off)
    if not spread:
        return ()
    found = []
    for (start, end, day), middle, distance in zip(days, expected, off, strict=True):
        score = NORMAL_SHARE * distance / spread
        if abs(score) > SCORE_MIN and abs(distance) > SHARE_MIN * middle:
            found.append(Anomaly(start, end, day.spent_nano, round(middle), round(score, 2)))
    return tuple(found)
