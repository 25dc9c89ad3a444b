"""A plain part is what Dash would draw, as data, and nothing that Dash would have to know."""

import dash_mantine_components as dmc
import pytest
from dash import html

from dashboard.components.tables import Column, data_table
from dashboard.plain import plain


def test_elements_keep_their_attributes_and_what_is_inside() -> None:
    drawn = html.Div(
        [html.B("one", className="x"), None, 2, [html.Br()]], tabIndex=0, style={"--w": "1%"}
    )
    assert plain(drawn) == [
        "div",
        {"tabindex": 0, "style": {"--w": "1%"}},
        ["b", {"class": "x"}, "one"],
        "2",
        ["", {}, ["br", {}]],
    ]
    table = plain(data_table([Column("a", "A")], [{"a": "cell"}], caption="All"))
    assert "cell" in str(table)
    assert "'aria-label': 'All'" in str(table)


def test_what_needs_the_renderer_is_refused() -> None:
    with pytest.raises(TypeError, match="more than an element"):
        plain(html.Div(dmc.Badge("x")))
