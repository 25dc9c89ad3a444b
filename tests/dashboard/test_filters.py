"""The filter bar: every choice is a link to the same view with it, every chip one without."""

from typing import Any

from dash import html

from dashboard.components.filters import filter_bar
from dashboard.context import PREFIX
from dashboard.narrow import BY_STATUS, scope_of, told
from dashboard.state import parse


def links(node: Any) -> dict[str, str]:
    """Addresses by what is read or said of each link."""
    found: dict[str, str] = {}
    for child in node if isinstance(node, list | tuple) else [node]:
        if isinstance(child, html.A):
            props = child.to_plotly_json()["props"]
            found[props.get("aria-label") or props.get("title") or "Clear all"] = props["href"]
        elif hasattr(child, "children"):
            found |= links(child.children)
    return found


def test_choices_are_added_and_chips_are_lifted() -> None:
    view = parse("agents", "?period=7d&agent=SEO&model=gpt-5")
    offered = {"agent": ("SEO", "AD"), "model": ("gpt-5", "o3")}
    found = links(filter_bar(view, PREFIX, offered))
    here = f"{PREFIX}agents?period=7d"
    assert found == {
        "AD": f"{here}&agent=SEO&agent=AD&model=gpt-5",
        "SEO": f"{here}&model=gpt-5",
        "o3": f"{here}&agent=SEO&model=gpt-5&model=o3",
        "gpt-5": f"{here}&agent=SEO",
        "Remove filter Agent SEO": f"{here}&model=gpt-5",
        "Remove filter Model gpt-5": f"{here}&agent=SEO",
        "Clear all": here,
    }


def test_a_view_keeps_its_order_and_rows_but_not_what_lies_over_it() -> None:
    view = parse("agents", "?sort=-tokens&show=all&open=SEO&key=a&key=b")
    assert (view.sort, view.every, view.opened, view.problems) == ("-tokens", True, "SEO", ())
    assert view.query == "show=all&sort=-tokens&key=a&key=b"
    assert view.opening("A B", PREFIX).endswith("&open=A+B")
    assert scope_of(view).key == ("a", "b")
    assert told(view) == []
    assert told(parse("agents", "?status=failed")) == [BY_STATUS]
    bad = parse("agents", "?sort=%3Cb%3E&show=some&open=" + "x" * 500)
    assert (bad.sort, bad.every, bad.opened, len(bad.problems)) == ("", False, "", 2)
