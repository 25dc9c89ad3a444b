"""A view survives its URL, and no URL can break a view."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.state import FILTERS, GRANULARITIES, GROUPS, PERIODS, View, parse

values = st.lists(st.text("abcÄ0 &=?#%+/", min_size=1, max_size=20), max_size=3)
views = st.builds(
    View,
    section=st.just("agents"),
    period=st.sampled_from(PERIODS),
    granularity=st.sampled_from(GRANULARITIES),
    group_by=st.sampled_from(GROUPS),
    compare=st.booleans(),
    filters=st.dictionaries(
        st.sampled_from(FILTERS),
        values.map(lambda vs: tuple(dict.fromkeys(v.strip() for v in vs if v.strip()))),
        max_size=4,
    ).map(lambda found: {name: vs for name, vs in found.items() if vs}),
)


@given(views)
@settings(max_examples=150, deadline=None)
def test_a_view_is_the_same_after_its_url(view: View) -> None:
    found = parse("agents", view.query)
    assert found == view
    assert found.query == view.query


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_a_view(text: str) -> None:
    view = parse("agents", f"?{text}&period={text}&from={text}&to={text}")
    start, end = view.interval(1_700_000_000_000, "Europe/Berlin")
    assert start < end
    assert view.step(1_700_000_000_000, "UTC") in GRANULARITIES


def test_a_range_takes_the_place_of_a_period() -> None:
    view = parse("agents", "from=2026-03-28&to=2026-03-29&period=7d")
    start, end = view.interval(0, "Europe/Berlin")
    assert end - start == (48 - 1) * 3_600_000, "the clocks went forward in between"
    assert view.query == "from=2026-03-28&to=2026-03-29"
    assert parse("agents", "from=2026-03-29&to=2026-03-28").problems
    assert parse("agents", "period=9d").problems
