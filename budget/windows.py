"""Windows of a rule as intervals in UTC: each begins where the one before it ends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from config.rules import Rule, Window
from storage.holds import NO_WINDOW_END_MS, Interval

_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def window_at(window: Window, timezone: str, time_ms: int) -> Interval:
    """The window that holds `time_ms` (milliseconds since the epoch, UTC)."""
    if window is Window.TOTAL:
        return Interval(0, NO_WINDOW_END_MS)
    zone = ZoneInfo(timezone)
    if window is Window.HOUR:
        return _hour(zone, time_ms)
    local = (_EPOCH + time_ms * _MILLISECOND).astimezone(zone)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if window is Window.DAY:
        following = first + timedelta(days=1)
    elif window is Window.WEEK:
        first -= timedelta(days=first.weekday())
        following = first + timedelta(days=7)
    else:
        first = first.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
    return Interval(_start_ms(first, zone), _start_ms(following, zone))


def _hour(zone: ZoneInfo, time_ms: int) -> Interval:
    """Hours go by elapsed time, so one that a clock change repeats is two windows.

    They begin on the zone's full hours: offsets of 30 or 45 minutes are kept.
    """
    offset = (_EPOCH + time_ms * _MILLISECOND).astimezone(zone).utcoffset() or timedelta()
    shift = int(offset / _MILLISECOND) % 3_600_000
    start = (time_ms + shift) // 3_600_000 * 3_600_000 - shift
    return Interval(start, start + 3_600_000)


def _start_ms(local_midnight: datetime, zone: ZoneInfo) -> int:
    """The first instant of a local day: where midnight is skipped, the moment clocks jump to."""
    instant = local_midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    back = instant.astimezone(zone).replace(tzinfo=None)
    if back > local_midnight:
        # A skipped midnight maps to a time after it: the day begins at the jump itself.
        instant -= _since_jump(instant, local_midnight, zone)
    return int((instant - _EPOCH) / _MILLISECOND)


def _since_jump(instant: datetime, local_midnight: datetime, zone: ZoneInfo) -> timedelta:
    """How long before `instant` the local date was still the day before."""
    low, high = timedelta(), timedelta(hours=3)
    while high - low > _MILLISECOND:
        middle = (low + high) / 2
        if (instant - middle).astimezone(zone).replace(tzinfo=None) >= local_midnight:
            low = middle
        else:
            high = middle
    return timedelta(milliseconds=round(low / _MILLISECOND))


def windows_around(rule: Rule, time_ms: int) -> tuple[Interval, Interval]:
    """The current window of a rule and the one after it."""
    current = window_at(rule.window, rule.timezone, time_ms)
    if rule.window is Window.TOTAL:
        return current, current
    return current, window_at(rule.window, rule.timezone, current.end_ms)


def current_window(rule: Rule, time_ms: int) -> Interval:
    """The window of a rule that holds `time_ms`."""
    return window_at(rule.window, rule.timezone, time_ms)
