"""Parts of a page that the renderer need not know: drawn by the browser as plain elements.

Dash's renderer looks at every component on every change; a table of prices is hundreds of them,
and a search held the page for seconds. A plain part has no callbacks and no ids of its own: it
travels as data, and `assets/panel.js` makes elements of it.
"""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

Plain = str | list[Any] | None
"""Text, parts one after the other, or `[tag, attributes, what is inside]`."""
_NAMES = {"className": "class", "tabIndex": "tabindex", "colSpan": "colspan"}


def plain(drawn: Any) -> Plain:
    """A component of `dash.html` with all that is in it; raises `TypeError` for another."""
    if drawn is None or isinstance(drawn, str):
        return drawn
    if isinstance(drawn, int | float):
        return str(drawn)
    if isinstance(drawn, list | tuple):
        return ["", {}, *(plain(part) for part in drawn if part is not None)]
    if not isinstance(drawn, Component) or type(drawn).__module__ != f"dash.html.{drawn._type}":
        raise TypeError(f"{drawn!r} is more than an element")
    props = drawn.to_plotly_json()["props"]
    inside = props.pop("children", None)
    attributes = {_NAMES.get(name, name): value for name, value in props.items()}
    parts = inside if isinstance(inside, list | tuple) else [inside]
    return [drawn._type.lower(), attributes, *(plain(p) for p in parts if p is not None)]


def holder(name: str, drawn: Any) -> list[Any]:
    """Where a plain part stands, and what it holds at first."""
    return [
        html.Div(id=name),
        dcc.Store(f"{name}-plain", data=into(name, drawn)),
        dcc.Store(f"{name}-drawn"),
    ]


def into(name: str, drawn: Any) -> dict[str, Any]:
    """What the store of a plain part is given to draw it anew."""
    return {"into": name, "of": plain(drawn)}


def register(app: Dash, name: str) -> None:
    """Have the browser draw the part whenever its store changes."""
    app.clientside_callback(
        ClientsideFunction("purser", "plain"),
        Output(f"{name}-drawn", "data"),
        Input(f"{name}-plain", "data"),
    )
