"""Windows of a rule as intervals in UTC: each begins where the one before it ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from config.rules import Rule, Window
from storage.holds import NO_WINDOW_END_MS, Interval

_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_MS = 3_600_000


def window_at(window: Window, timezone: str, time_ms: int) -> Interval:
    """The window that holds `time_ms` (milliseconds since the epoch, UTC)."""
    if window is Window.TOTAL:
        return Interval(0, NO_WINDOW_END_MS)
    zone = ZoneInfo(timezone)
    if window is Window.HOUR:
        return _hour(zone, time_ms)
    local = _local(zone, time_ms)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if window is Window.DAY:
        following = first + timedelta(days=1)
    elif window is Window.WEEK:
        first -= timedelta(days=first.weekday())
        following = first + timedelta(days=7)
    else:
        first = first.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
    found = Interval(_start_ms(first, zone), _start_ms(following, zone))
    if time_ms >= found.end_ms:
        # Clocks set back across midnight (00:01 to 23:01) name a date whose window has ended.
        return window_at(window, timezone, found.end_ms)
    return found


def _hour(zone: ZoneInfo, time_ms: int) -> Interval:
    """Hours go by elapsed time, so one that a clock change repeats is two windows.

    They begin on the zone's full hours: offsets of 30 or 45 minutes are kept. A change by half
    an hour ends a window early, so that none overlaps the next.
    """
    shift = _shift_ms(zone, time_ms)
    start = (time_ms + shift) // _HOUR_MS * _HOUR_MS - shift
    end = start + _HOUR_MS
    if _shift_ms(zone, start) != shift:
        start = _first(start, time_ms, lambda at: _shift_ms(zone, at) == shift)
    if _shift_ms(zone, end - 1) != shift:
        end = _first(time_ms, end - 1, lambda at: _shift_ms(zone, at) != shift)
    return Interval(start, end)


def _shift_ms(zone: ZoneInfo, time_ms: int) -> int:
    """How far the zone's full hours are from those of UTC."""
    offset = _local(zone, time_ms).utcoffset() or timedelta()
    return offset // _MILLISECOND % _HOUR_MS


def _local(zone: ZoneInfo, time_ms: int) -> datetime:
    return (_EPOCH + time_ms * _MILLISECOND).astimezone(zone)


def _first(before: int, after: int, holds: Callable[[int], bool]) -> int:
    """The first millisecond in (before, after] at which `holds` has become true."""
    while after - before > 1:
        middle = (before + after) // 2
        if holds(middle):
            after = middle
        else:
            before = middle
    return after


def _start_ms(local_midnight: datetime, zone: ZoneInfo) -> int:
    """The first instant of a local day: where midnight is skipped, the moment clocks jump to."""
    instant = (local_midnight.replace(tzinfo=zone, fold=0) - _EPOCH) // _MILLISECOND

    def has_begun(time_ms: int) -> bool:
        return _local(zone, time_ms).replace(tzinfo=None) >= local_midnight

    if _local(zone, instant).replace(tzinfo=None) > local_midnight:
        # A skipped midnight maps to a time after it: the day begins at the jump itself.
        return _first(instant - 24 * _HOUR_MS, instant, has_begun)
    return instant


def windows_around(rule: Rule, time_ms: int) -> tuple[Interval, Interval]:
    """The current window of a rule and the one after it."""
    current = window_at(rule.window, rule.timezone, time_ms)
    if rule.window is Window.TOTAL:
        return current, current
    return current, window_at(rule.window, rule.timezone, current.end_ms)


def current_window(rule: Rule, time_ms: int) -> Interval:
    """The window of a rule that holds `time_ms`."""
    return window_at(rule.window, rule.timezone, time_ms)
