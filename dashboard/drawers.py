"""A section's drawer: what opens over it stands in the URL, and the page below stays as it is.

`assets/panel.js` writes the address and fills `<section>-open`; a callback of the section then
fills the drawer. One that is opened by its address comes filled with the page.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, no_update
from dash.exceptions import PreventUpdate

from budget.errors import BudgetError
from dashboard.components.overlays import drawer
from dashboard.components.states import error_state
from dashboard.state import opened_name
from storage.errors import StorageError

Filled = tuple[Any, Any]
"""A drawer's title and what it holds."""


def host(section: str, opened: str = "", filled: Filled | None = None) -> list[Any]:
    """The drawer of a section, open where `filled` says with what."""
    title, inside = filled or ("", None)
    return [
        dcc.Store(f"{section}-open", data={"name": opened} if filled else None),
        dcc.Store(f"{section}-closed"),
        drawer(title, inside, id=f"{section}-drawer", opened=filled is not None),
    ]


def away(error: Exception) -> Any:
    """What stands where figures cannot be read now."""
    return error_state(
        "This cannot be shown now",
        f"{error}.",
        "It comes back by itself once Purser reaches its storage again.",
    )


def register(app: Dash, section: str, fill: Callable[[str, str], Awaitable[Filled]]) -> None:
    """Have `fill(name, search)` make what opens; `search` is the query of the page below."""

    @app.callback(
        Output(f"{section}-drawer", "opened"),
        Output(f"{section}-drawer", "title"),
        Output(f"{section}-drawer", "children"),
        Input(f"{section}-open", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def opening(asked: Any, search: Any) -> Any:
        if not isinstance(asked, dict) or "at" not in asked:
            raise PreventUpdate
        name = asked.get("name")
        if name is None:
            return False, no_update, no_update
        known = opened_name(name)
        if known is None:
            raise PreventUpdate
        try:
            return True, *await fill(known, search if isinstance(search, str) else "")
        except (StorageError, BudgetError) as error:
            return True, known, away(error)

    app.clientside_callback(
        ClientsideFunction("purser", "closed"),
        Output(f"{section}-closed", "data"),
        Input(f"{section}-drawer", "opened"),
    )
