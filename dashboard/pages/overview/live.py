"""The refresh of an open page: every few seconds what has changed, after one's own change all."""

from typing import Any, Final

from dash import Dash, Input, Output, State, set_props
from dash.exceptions import PreventUpdate

from dashboard.context import who
from dashboard.pages.overview.look import look, parts, view_of_address
from dashboard.pages.overview.parts import BYTES_MAX
from dashboard.services import Services

SEEN: Final = "overview-seen"
ALL: Final = 1 << 20
ADMINS: Final = frozenset({"overview-freeze-box"})
"""Parts that a viewer's page does not have."""


def register(app: Dash, services: Services) -> None:
    """Refresh while the page is open and not paused."""

    @app.callback(
        Output(SEEN, "data"),
        Input({"type": "tick", "page": "overview"}, "n_intervals"),
        State(SEEN, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def refresh(_n: Any, seen: Any, search: Any) -> Any:
        kept = await bring(services, search, seen, BYTES_MAX)
        if kept == seen:
            raise PreventUpdate
        return kept


async def bring(services: Services, search: Any, seen: Any, bytes_max: int = ALL) -> str:
    """Send what a browser lacks that keeps `seen`; returns what it keeps then."""
    now = parts(await look(services, view_of_address(search)))
    changed, kept = now.since(seen, bytes_max)
    may_change = who().role == "admin"
    for part in changed:
        if may_change or part.id not in ADMINS:
            set_props(part.id, dict(part.props))
    return kept


async def catch_up(services: Services, search: Any, seen: Any) -> None:
    """After somebody's own change: all of what it changed, at once."""
    services.shared.drop()
    set_props(SEEN, {"data": await bring(services, search, seen)})
