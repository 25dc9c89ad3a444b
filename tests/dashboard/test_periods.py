"""An address means the same time everywhere."""

from datetime import date

import pytest

from dashboard.periods import period_of_view
from dashboard.state import View, parse

NOW_MS = 1_795_352_400_000
"""22 November 2026, 13:00 UTC."""
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("query", "preset", "days"),
    [("", "this_month", 30), ("period=24h", "last_24h", 1), ("period=7d", "last_7d", 7),
     ("from=2026-11-01&to=2026-11-10", "custom", 10)],
)  # fmt: skip
def test_each_period_of_an_address_has_its_figures(query: str, preset: str, days: int) -> None:
    period = period_of_view(parse("overview", query), "UTC", NOW_MS)
    assert (period.preset, (period.end_ms - period.start_ms) // DAY_MS) == (preset, days)


def test_a_granularity_with_too_many_points_gives_way() -> None:
    view = View("overview", "", date(2026, 1, 1), date(2026, 11, 1), granularity="hour")
    assert period_of_view(view, "UTC", NOW_MS).granularity == "week"
