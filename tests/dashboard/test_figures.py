"""The charts: both burn-ups on one scale, real plotly figures, sound without data."""

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import figures
from dashboard.figures_data import STEPS_MAX, BurnUp, band, limit_changes, step_nano, ticks
from dashboard.quick_chart import in_words, quick_burn_up
from tests.dashboard import gallery_samples as samples

USD, START, DAY = samples.USD, samples.START, samples.DAY
EMPTY = BurnUp(START, START + 30 * DAY, [], [])


def test_the_burn_up_is_a_figure_that_plotly_accepts() -> None:
    figure = go.Figure(figures.burn_up(samples.burn()))
    assert [trace.uid for trace in figure.data if trace.mode == "lines"] == [
        "low",
        "high",
        "pace",
        "spent",
        "limit",
        "forecast",
    ]


def test_other_charts_are_figures_that_plotly_accepts() -> None:
    go.Figure(figures.stacked_bars([START, START + DAY], {"SEO": [USD, 2 * USD]}, hourly=True))
    go.Figure(figures.donut([("SEO", USD), ("Ad", 3 * USD)]))


@pytest.mark.parametrize("data", [EMPTY, BurnUp(START, START, [(START, 0)], [(START, 0)])])
def test_a_window_without_spend_or_limit_is_drawn(data: BurnUp) -> None:
    quick_burn_up(data)
    go.Figure(figures.burn_up(data))
    assert in_words(data).startswith("Burn-up: $0.00 spent")


@given(st.integers(min_value=1, max_value=2**53))
def test_an_axis_has_few_round_steps_and_reaches_all(most: int) -> None:
    top = BurnUp(0, 1, [(0, most)], []).top_nano
    marks = ticks(top)
    assert marks[-1] == top >= most
    assert len(marks) <= STEPS_MAX + 1
    assert step_nano(most).__str__().rstrip("0") in ("1", "2", "5")


def test_a_forecast_starts_now_and_ends_at_its_bounds() -> None:
    data = samples.burn()
    rows = band(data)
    now_ms, now_nano = data.now
    assert rows[0] == (now_ms, now_nano, now_nano, now_nano)
    assert rows[-1] == (data.end_ms, 735 * USD, 769 * USD, 802 * USD)
    assert all(low <= middle <= high for _, low, middle, high in rows)


def test_a_forecast_never_falls_below_what_is_spent() -> None:
    data = BurnUp(START, START + DAY, [(START, 100)], [], forecast=(110, 20, 300))
    assert min(low for _, low, _, _ in band(data)) >= 100


def test_a_changed_limit_is_told() -> None:
    assert [words for _, _, words in limit_changes(samples.burn().limits)] == [
        "limit $800 → $1,000"
    ]


def test_the_drawn_chart_says_all_of_it() -> None:
    said = quick_burn_up(samples.burn()).to_plotly_json()["props"]["aria-label"]
    for part in ("limit $1,000.00", "forecast $769.00", "$735.00", "4.1 times its usual"):
        assert part in said
