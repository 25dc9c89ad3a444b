"""The pieces: each says in words what it shows in colour, and has a name for who cannot see."""

from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.components import bars, basics, cards, controls, overlays, states, tables
from dashboard.components.overview import agents_panel, campaigns_panel, overview
from tests.dashboard import gallery_samples as samples
from tests.dashboard.gallery_pieces import pieces

USD = samples.USD
VIEW = overview(samples.overview_sample(), samples.limit_sample())


def nodes(component: Any) -> Iterator[dict[str, Any]]:
    """Every element below, as its type and properties."""
    if isinstance(component, list | tuple):
        for child in component:
            yield from nodes(child)
    elif hasattr(component, "to_plotly_json"):
        plain = component.to_plotly_json()
        yield {"type": plain["type"], **plain["props"]}
        for child in plain["props"].values():
            if isinstance(child, list | tuple) or hasattr(child, "to_plotly_json"):
                yield from nodes(child)


def text(component: Any) -> str:
    """The words on screen, in order."""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return "".join(text(child) for child in component)
    return text(getattr(component, "children", None) or "")


@pytest.mark.parametrize("page", [VIEW, pieces()], ids=["overview", "pieces"])
def test_what_can_be_pressed_or_stands_for_a_picture_has_a_name(page: Any) -> None:
    for node in nodes(page):
        if node["type"] in ("Button", "A") or node.get("role") in ("img", "meter"):
            name = node.get("aria-label") or text(node.get("children"))
            assert name.strip(), node


@pytest.mark.parametrize("page", [VIEW, pieces()], ids=["overview", "pieces"])
def test_no_name_is_given_twice(page: Any) -> None:
    ids = [str(node["id"]) for node in nodes(page) if "id" in node]
    assert len(ids) == len(set(ids))


def test_the_overview_shows_its_figures_and_their_units() -> None:
    words = text(VIEW)
    for shown in (
        "$423.94",
        "$561.53",
        "$14.53",
        "on track",
        "124% · over by 24%",
        "no budget set",
    ):
        assert shown in words


def test_every_state_is_said_in_words() -> None:
    for status, (_, _, words) in basics.STATUS.items():
        assert text(basics.status_badge(status)) == words
    assert text(basics.status_badge("half_open")) == "half open"


@pytest.mark.parametrize(
    ("used", "held", "spoken"),
    [
        (550, 0, "55%"),
        (950, 40, "95% · near, 4% held"),
        (1_000, 0, "100% · spent"),
        (1_240, 0, "124% · over by 24%"),
    ],
)
def test_progress_says_how_full_it_is(used: int, held: int, spoken: str) -> None:
    bar = bars.progress(used, "monthly", held_permille=held).to_plotly_json()["props"]
    assert bar["aria-valuetext"] == spoken
    assert int(bar["aria-valuenow"]) <= int(bar["aria-valuemax"])


def test_past_its_limit_a_bar_stays_within_its_track_and_marks_the_limit() -> None:
    bar = list(nodes(bars.progress(2_500, "monthly", held_permille=500)))
    by_class = {node.get("className"): node.get("style", {}) for node in bar[1:]}
    assert by_class["bar-limit"]["--x"] == "33.3%"
    ends = [
        float(style.get("--x", "0%")[:-1]) + float(style["--w"][:-1])
        for style in by_class.values()
        if "--w" in style
    ]
    assert max(ends) <= 100


@pytest.mark.parametrize(
    ("permille", "good", "words"),
    [(124, False, "up 12.4%"), (-60, False, "down 6%"), (0, True, "no change")],
)
def test_a_change_says_which_way(permille: int, good: bool, words: str) -> None:
    assert text(basics.change(permille, more_is_good=good)) == words


def test_a_change_against_nothing_is_no_number() -> None:
    assert text(basics.change(None)) == "no earlier figure"
    assert text(basics.change(None, new=True)) == "new"


def test_a_sorted_column_says_so() -> None:
    by = tables.Sorted("spent")
    columns = (
        tables.Column("agent", "Agent", sortable=True),
        tables.Column("spent", "Spent", numeric=True, sortable=True),
        tables.Column("trend", "Trend", numeric=True),
    )
    table = tables.data_table(columns, [], caption="Agents", by=by)
    order = {text(n["children"]): n.get("aria-sort") for n in nodes(table) if n["type"] == "Th"}
    assert (order["Spent"], order["Agent"], order["Trend"]) == ("descending", "none", None)


def test_a_table_names_its_rows_and_sums_them() -> None:
    columns = (tables.Column("a", "Agent"), tables.Column("s", "Spent", numeric=True))
    table = tables.data_table(
        columns, [{"a": "SEO", "s": "$1.00"}], caption="Spend", total={"a": "All", "s": "$1.00"}
    )
    heads = [n for n in nodes(table) if n["type"] == "Th" and n.get("scope") == "row"]
    assert [text(h["children"]) for h in heads] == ["SEO", "All"]


def test_nothing_to_show_says_what_to_do() -> None:
    assert "X-Campaign-Id" in text(campaigns_panel([], ""))
    assert "longer time" in text(agents_panel([], ""))


def test_an_error_is_announced_and_says_where() -> None:
    state = states.error_state("The ledger cannot be read", "storage: refused", "Wait.")
    assert state.to_plotly_json()["props"]["role"] == "alert"
    assert "storage: refused" in text(state)


def test_stale_figures_say_since_when() -> None:
    said = text(states.stale(samples.NOW - 95_000, samples.NOW, "Redis does not answer"))
    assert "1 min ago" in said
    assert "UTC" in said


def test_a_locked_limit_offers_no_change() -> None:
    view = controls.LimitView("Limit", 10 * USD, 0, 0, 1, "purser.yaml, line 3", locked=True)
    control = controls.limit_control(view, samples.IDS, consequence="")
    assert samples.IDS.save not in [n.get("id") for n in nodes(control)]
    assert "locked in its file" in text(control)
    assert all(n.get("disabled") for n in nodes(control) if n["type"] in ("Slider", "NumberInput"))


def test_the_slider_names_its_usual_stops() -> None:
    assert [m["label"] for m in controls.marks(100, 5_000)] == [
        "$100",
        "$1,000",
        "$2,500",
        "$5,000",
    ]
    assert [m["value"] for m in controls.marks(50, 900)] == [50, 100, 900]


def test_a_question_says_what_it_does() -> None:
    asked = overlays.confirm(
        "Freeze?", "Every call is refused.", id="q", yes_id="y", no_id="n", yes="Freeze spending"
    )
    assert [text(n["children"]) for n in nodes(asked) if n["type"] == "Button"] == [
        "Cancel",
        "Freeze spending",
    ]


@pytest.mark.parametrize("values", [[], [5], [3, 3, 3], [0, 9, -4]])
def test_a_sparkline_is_drawn_from_whatever_there_is(values: list[int]) -> None:
    uri = cards.spark_uri(values)
    assert uri.startswith("data:image/svg+xml,")
    assert '"' not in uri


def test_an_amount_keeps_its_nano_dollars_in_its_title() -> None:
    shown = basics.money(14_530_000_123)
    assert (text(shown), shown.title) == ("$14.53", "$14.530000123")
