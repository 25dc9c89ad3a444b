"""Days that cost far more or less than days of their weekday do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from insights.forecast import Day

SCORE_MIN: Final = 3.5
"""Iglewicz and Hoaglin (1993), "How to Detect and Handle Outliers": |modified z| above 3.5."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A full day that stands out. `expected_nano` is the median it is compared with."""

    start_ms: int
    end_ms: int
    spent_nano: int
    expected_nano: int
    score: float


def anomalies(days: Sequence[tuple[int, int, Day]]) -> tuple[Anomaly, ...]:
    """Those of `days` (start, end, day), oldest first, that stand out."""
    raise NotImplementedError
