"""Periods, what they are compared with, days that stand out, and when money runs out."""

from datetime import date
from random import Random

import pytest

from insights.anomalies import anomalies
from insights.books import mille_of, tone_of
from insights.forecast import Day, project
from insights.outlook import Outlook
from insights.period import DAY_MS, BadPeriod, local_day, period_of
from tests.storage.entries import NEW_YEAR_MS

NOW_MS = NEW_YEAR_MS + 40 * DAY_MS + 3_600_000


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Asia/Kolkata"])
def test_buckets_follow_each_other_from_end_to_end(timezone: str) -> None:
    for preset in ("today", "last_24h", "last_7d", "last_90d", "this_month", "last_month"):
        period = period_of(preset, timezone, NOW_MS)
        borders = [bucket.start_ms for bucket in period.buckets] + [period.buckets[-1].end_ms]
        assert borders[0] == period.start_ms
        assert borders[-1] == period.end_ms
        assert [bucket.end_ms for bucket in period.buckets] == borders[1:]
        assert period.previous.end_ms <= period.start_ms
    ninety = period_of("last_90d", timezone, NOW_MS)
    assert len(ninety.buckets) == 90


def test_a_month_is_compared_equally_far_into_the_one_before() -> None:
    period = period_of("this_month", "UTC", NOW_MS)
    assert local_day(period.previous.start_ms, "UTC") == date(2026, 1, 1)
    assert period.previous.end_ms - period.previous.start_ms == NOW_MS - period.start_ms


def test_a_custom_period_has_both_its_days() -> None:
    first, last = date(2026, 3, 28), date(2026, 3, 30)
    found = period_of("custom", "Europe/Berlin", NOW_MS, first=first, last=last)
    assert (found.end_ms - found.start_ms) == 3 * DAY_MS - 3_600_000, "clocks went forward"
    east = period_of("custom", "Pacific/Kiritimati", NOW_MS, first=first, last=first)
    assert local_day(east.start_ms, "Pacific/Kiritimati") == first
    with pytest.raises(BadPeriod, match="after"):
        period_of("custom", "UTC", NOW_MS, first=last, last=first)
    with pytest.raises(BadPeriod, match="coarser"):
        period_of("last_90d", "UTC", NOW_MS, granularity="hour")


def test_a_day_far_from_its_weekday_stands_out() -> None:
    chance = Random(1)
    days = [
        (at * DAY_MS, (at + 1) * DAY_MS, Day(at % 7, (400 if at % 7 > 4 else 1000) + noise))
        for at in range(42)
        if (noise := chance.randrange(50)) is not None
    ]
    assert anomalies(days) == ()
    days[30] = (30 * DAY_MS, 31 * DAY_MS, Day(2, 3_000))
    (found,) = anomalies(days)
    assert (found.start_ms, found.spent_nano) == (30 * DAY_MS, 3_000)
    assert 1_000 <= found.expected_nano < 1_050


def test_money_runs_out_between_two_steps() -> None:
    days = [Day(at % 7, 100) for at in range(14)]
    one = project(0, days, [])
    assert one is not None
    steps = tuple((at * DAY_MS, type(one)(100 * at, 0, 0, 14, True)) for at in (1, 2, 3))
    ahead = Outlook(0, 0, (), steps)
    assert ahead.runs_out_ms(150) == DAY_MS + DAY_MS // 2
    assert ahead.runs_out_ms(301) is None
    assert ahead.runs_out_ms(0) == 0


def test_tones() -> None:
    assert [tone_of(spent, 1000) for spent in (799, 800, 1000, 1001)] == [
        "green", "yellow", "yellow", "red",
    ]  # fmt: skip
    assert tone_of(0, None, refusing=True) == "red"
    assert mille_of(1, 3) == 333
    assert mille_of(1, 0) is None
