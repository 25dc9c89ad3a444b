"""Windows cover all of time without a gap or an overlap, in every zone, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget.windows import current_window, window_at, windows_around
from config.rules import Window
from storage.holds import NO_WINDOW_END_MS, Interval
from tests.budget.purse import monthly

HOUR_MS = 3_600_000
NEW_YORK = "America/New_York"
ST_JOHNS = "America/St_Johns"
APIA = "Pacific/Apia"
SAO_PAULO = "America/Sao_Paulo"
LORD_HOWE = "Australia/Lord_Howe"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MS = 60 * 24 * HOUR_MS
LAST_MS = 131 * 365 * 24 * HOUR_MS
STRANGE = (
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "Asia/Beirut",
    "Asia/Gaza",
    "Africa/Cairo",
    "Africa/Monrovia",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Antarctica/Troll",
    "Europe/Berlin",
)
ZONES = sorted(available_timezones() - {"localtime"})


def ms(text: str) -> int:
    """A time in UTC, as milliseconds."""
    at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(milliseconds=1)


def local(zone: str, time_ms: int) -> datetime:
    return (EPOCH + timedelta(milliseconds=time_ms)).astimezone(ZoneInfo(zone))


@cache
def changes(zone: str) -> tuple[int, ...]:
    """The moments at which clocks of a zone were changed, found day by day."""
    found = []
    day_ms = 24 * HOUR_MS
    for at in range(FIRST_MS, ms("2038-01-01"), day_ms):
        before, after = at, at + day_ms
        if local(zone, before).utcoffset() == local(zone, after).utcoffset():
            continue
        while after - before > 1:
            middle = (before + after) // 2
            if local(zone, middle).utcoffset() == local(zone, at).utcoffset():
                before = middle
            else:
                after = middle
        found.append(after)
    return tuple(found)


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[str, int]:
    zone = draw(st.sampled_from(STRANGE))
    moments = changes(zone) or (FIRST_MS,)
    around = st.integers(-26 * HOUR_MS, 26 * HOUR_MS) | st.integers(-2, 2)
    return zone, draw(st.sampled_from(moments)) + draw(around)


ANYWHERE = st.tuples(
    st.integers(0, len(ZONES) - 1).map(ZONES.__getitem__), st.integers(FIRST_MS, LAST_MS)
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(Window), ANYWHERE | near_a_change())
def test_windows_are_contiguous(window: Window, place: tuple[str, int]) -> None:
    zone, time_ms = place
    found = window_at(window, zone, time_ms)
    assert found.start_ms <= time_ms < found.end_ms
    assert window_at(window, zone, found.start_ms) == found
    assert window_at(window, zone, found.end_ms - 1) == found
    if window is not Window.TOTAL:
        assert window_at(window, zone, found.end_ms).start_ms == found.end_ms
        assert window_at(window, zone, found.start_ms - 1).end_ms == found.start_ms


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(Window), ANYWHERE | near_a_change())
def test_windows_begin_where_a_calendar_says(window: Window, place: tuple[str, int]) -> None:
    zone, time_ms = place
    found = window_at(window, zone, time_ms)
    if window is Window.TOTAL:
        assert found == Interval(0, NO_WINDOW_END_MS)
        return
    first, before = local(zone, found.start_ms), local(zone, found.start_ms - 1)
    jumped = first.utcoffset() != before.utcoffset()
    if window is Window.HOUR:
        assert found.end_ms - found.start_ms <= HOUR_MS
        assert jumped or (first.minute, first.second, first.microsecond) == (0, 0, 0)
        return
    assert jumped or (first.hour, first.minute, first.second, first.microsecond) == (0, 0, 0, 0)
    assert before.date() < first.date(), "the first moment of its day"
    if window is Window.WEEK:
        assert first.weekday() == 0
    if window is Window.MONTH:
        assert first.day == 1


@pytest.mark.parametrize(
    ("window", "zone", "at", "start", "end"),
    [
        (Window.HOUR, "UTC", "2026-01-01T10:59:59.999", "2026-01-01T10:00", "2026-01-01T11:00"),
        (Window.HOUR, "Asia/Kolkata", "2026-01-01T10:10", "2026-01-01T09:30", "2026-01-01T10:30"),
        (Window.DAY, "Asia/Kolkata", "2026-01-01T18:30", "2026-01-01T18:30", "2026-01-02T18:30"),
        (Window.WEEK, "UTC", "2026-01-04T23:59:59", "2025-12-29T00:00", "2026-01-05T00:00"),
        (Window.MONTH, "UTC", "2024-02-29T12:00", "2024-02-01T00:00", "2024-03-01T00:00"),
        (Window.MONTH, NEW_YORK, "2026-11-01T03:00", "2026-10-01T04:00", "2026-11-01T04:00"),
        # An hour that is repeated is two windows.
        (Window.HOUR, "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T00:00", "2026-10-25T01:00"),
        (Window.HOUR, "Europe/Berlin", "2026-10-25T01:30", "2026-10-25T01:00", "2026-10-25T02:00"),
        (Window.DAY, "Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        # Clocks change by half an hour: the hour that it cuts ends early.
        (Window.HOUR, LORD_HOWE, "2026-10-03T15:29", "2026-10-03T14:30", "2026-10-03T15:30"),
        (Window.HOUR, LORD_HOWE, "2026-10-03T15:30", "2026-10-03T15:30", "2026-10-03T16:00"),
        (Window.HOUR, LORD_HOWE, "2026-10-03T16:00", "2026-10-03T16:00", "2026-10-03T17:00"),
        # Midnights that no clock has shown.
        (Window.DAY, SAO_PAULO, "2018-11-04T12:00", "2018-11-04T03:00", "2018-11-05T02:00"),
        (Window.DAY, "Asia/Beirut", "2026-03-29T12:00", "2026-03-28T22:00", "2026-03-29T21:00"),
        (Window.DAY, "Africa/Cairo", "2026-04-24T12:00", "2026-04-23T22:00", "2026-04-24T21:00"),
        # A day that no calendar has shown.
        (Window.DAY, APIA, "2011-12-30T09:59", "2011-12-29T10:00", "2011-12-30T10:00"),
        (Window.DAY, APIA, "2011-12-30T10:00", "2011-12-30T10:00", "2011-12-31T10:00"),
        # 00:01 became 23:01 of the day before, whose window had ended.
        (Window.DAY, ST_JOHNS, "2010-11-07T03:00", "2010-11-07T02:30", "2010-11-08T03:30"),
    ],
)  # fmt: skip
def test_windows_by_hand(window: Window, zone: str, at: str, start: str, end: str) -> None:
    assert window_at(window, zone, ms(at)) == Interval(ms(start), ms(end))


def test_the_window_that_follows_begins_where_this_one_ends() -> None:
    rule = monthly("1")
    current, following = windows_around(rule, ms("2026-12-31T23:59:59"))
    assert current == current_window(rule, ms("2026-12-01T00:00"))
    assert following == Interval(ms("2027-01-01T00:00"), ms("2027-02-01T00:00"))
