"""What the charts are given, and the scale they share: integers only, no drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from dashboard import formats

NANO_PER_USD = formats.NANO_PER_USD


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
        amounts = [
            *(nano for _, nano in self.spent),
            *(nano for _, nano in self.limits),
            *((self.forecast[2],) if self.forecast else ()),
        ]
        most = max([*amounts, NANO_PER_USD])
        step = step_nano(most)
        return -(-most * 106 // 100 // step) * step


def step_nano(most: int) -> int:
    """A round step (1, 2 or 5 and zeros) that takes four to eight of it to reach `most`."""
    step = NANO_PER_USD // 100
    while True:
        for factor in (1, 2, 5):
            if most <= step * factor * 6:
                return step * factor
        step *= 10


def ticks(top_nano: int) -> list[int]:
    """The amounts that the axis names, from nothing to the top."""
    step = step_nano(top_nano)
    return list(range(0, top_nano + 1, step))


def limit_changes(limits: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Where a limit changed while the window ran: (when, to what, in words)."""
    return [
        (at, after, f"limit {formats.money_short(before)} → {formats.money_short(after)}")
        for (_, before), (at, after) in zip(limits, limits[1:], strict=False)
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
