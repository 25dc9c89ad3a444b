"""From the time that an address names to the period that figures are made for."""

from typing import Final, cast

from dashboard.state import View
from insights.period import BadPeriod, Granularity, Period, Preset, period_of

PRESETS: Final[dict[str, Preset]] = {
    "24h": "last_24h",
    "7d": "last_7d",
    "30d": "last_30d",
    "month": "this_month",
}


def period_of_view(view: View, timezone: str, now_ms: int) -> Period:
    """The period of a view; a granularity that makes too many points gives way to one that fits."""
    preset: Preset = "custom" if view.first else PRESETS[view.period]
    asked = None if view.granularity == "auto" else cast("Granularity", view.granularity)
    try:
        return period_of(
            preset, timezone, now_ms, first=view.first, last=view.last, granularity=asked
        )
    except BadPeriod:
        return period_of(preset, timezone, now_ms, first=view.first, last=view.last)
