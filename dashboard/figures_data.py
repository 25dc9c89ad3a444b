"""What the charts are given, and the scale they share: integers only, no drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

from config.money import NANO_PER_USD, ceil_div
from dashboard import formats

STEPS_MAX = 6
"""Into how many steps an axis is divided at most."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: an anomaly, an event. The amount is the spend it stands at."""

    at_ms: int
    spent_nano: int
    words: str


@dataclass(frozen=True, slots=True)
class BurnUp:
    """A window's course in nano-dollars and milliseconds UTC.

    `spent` is cumulative, in order of time, and ends now. `limits` are the moments a limit took
    effect, the first at or before `start_ms`. The forecast's bounds are at `end_ms`.
    """

    start_ms: int
    end_ms: int
    spent: Sequence[tuple[int, int]]
    limits: Sequence[tuple[int, int]]
    forecast: tuple[int, int, int] | None = None
    anomalies: Sequence[Mark] = ()

    @property
    def now(self) -> tuple[int, int]:
        """The last point of the spend; a window without any starts at nothing."""
        return self.spent[-1] if self.spent else (self.start_ms, 0)

    @property
    def limit_nano(self) -> int | None:
        """The limit in force at the end."""
        return self.limits[-1][1] if self.limits else None

    @property
    def top_nano(self) -> int:
        """The upper end of the scale: above all there is, a round number of steps."""
        amounts = [nano for _, nano in (*self.spent, *self.limits)]
        highest = self.forecast[2] if self.forecast else 0
        most = max(*amounts, highest, NANO_PER_USD, 0) * 106 // 100
        step = step_nano(most)
        return ceil_div(most, step) * step


def step_nano(most: int) -> int:
    """A round step (1, 2 or 5 and zeros) of which `most` takes three to six."""
    unit = NANO_PER_USD // 100
    while most > unit * 5 * STEPS_MAX:
        unit *= 10
    return next(unit * factor for factor in (1, 2, 5) if most <= unit * factor * STEPS_MAX)


def ticks(top_nano: int) -> list[int]:
    """The amounts that the axis names, from nothing to the top."""
    step = step_nano(top_nano)
    return list(range(0, top_nano + 1, step))


def limit_changes(limits: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Where a limit changed while the window ran: (when, to what, in words)."""
    return [
        (at, after, f"limit {formats.money_short(before)} → {formats.money_short(after)}")
        for (_, before), (at, after) in pairwise(limits)
        if before != after
    ]


def band(data: BurnUp, points: int = 12) -> list[tuple[int, int, int, int]]:
    """The forecast from now to the end: (moment, low, expected, high) at even steps.

    The band opens with the square root of time, as sums of independent days do, and meets the
    stated bounds at the end.
    """
    if data.forecast is None:
        return []
    now_ms, now_nano = data.now
    expected, low, high = data.forecast
    rows = []
    for i in range(points + 1):
        middle = now_nano + (expected - now_nano) * i // points
        opening = isqrt(i * points * 1_000_000)
        whole = points * 1_000
        rows.append(
            (
                now_ms + (data.end_ms - now_ms) * i // points,
                max(now_nano, middle - (expected - low) * opening // whole),
                middle,
                middle + (high - expected) * opening // whole,
            )
        )
    return rows
