"""What of the burn-up moves while one looks, and for what it is drawn anew."""

from typing import Any, Final

from config.money import NANO_PER_USD
from dashboard.figures_data import BurnUp, band

SHAPE: Final = "overview-burn-shape"
MOVING: Final = "overview-burn-moving"


def shape(burn: BurnUp | None) -> list[Any] | None:
    """What a chart is drawn anew for: all but where its end stands."""
    if burn is None:
        return None
    marks = [[mark.at_ms, mark.spent_nano] for mark in burn.anomalies]
    ahead = burn.forecast is not None
    return [
        burn.start_ms,
        burn.end_ms,
        burn.top_nano,
        len(burn.spent),
        list(burn.limits),
        marks,
        ahead,
    ]


def moving(burn: BurnUp | None) -> dict[str, Any] | None:
    """Where the end of the line and the forecast stand, to a pixel: smaller moves are not sent."""
    if burn is None:
        return None
    x_step = max((burn.end_ms - burn.start_ms) // 1_000, 1)
    y_step = max(burn.top_nano // 400, 1)

    def at(moment_ms: int) -> int:
        return moment_ms // x_step * x_step

    def usd(nano: int) -> float:
        return round(nano // y_step * y_step / NANO_PER_USD, 2)

    ahead = band(burn)
    return {
        "now": [at(burn.now[0]), usd(burn.now[1])],
        "at": [at(row[0]) for row in ahead],
        "low": [usd(row[1]) for row in ahead],
        "expected": [usd(row[2]) for row in ahead],
        "high": [usd(row[3]) for row in ahead],
    }
