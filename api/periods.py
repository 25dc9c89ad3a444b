"""Months of the budgets' zone as intervals, and back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from api.inputs import Period
from budget.windows import window_at
from config.rules import Window
from storage.holds import Interval

FAR_MS = 253_402_300_800_000
"""The end of the year 9999."""


def month_interval(month: str, timezone: str) -> Interval:
    """The month ("2026-01") in a zone."""
    middle = datetime.fromisoformat(f"{month}-15T12:00:00").replace(tzinfo=UTC)
    return window_at(Window.MONTH, timezone, int(middle.timestamp() * 1000))


def month_at(time_ms: int, timezone: str) -> str:
    """The month that it is at a moment in a zone."""
    return datetime.fromtimestamp(time_ms / 1000, ZoneInfo(timezone)).strftime("%Y-%m")


def interval_of(period: Period, timezone: str, now_ms: int) -> Interval:
    """What is meant by a period; without any word of it, the month that it is now."""
    if period.since is not None or period.until is not None:
        return Interval(period.since or 0, FAR_MS if period.until is None else period.until)
    return month_interval(period.month or month_at(now_ms, timezone), timezone)
