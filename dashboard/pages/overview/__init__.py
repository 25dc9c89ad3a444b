"""The overview: whether money is safe, at one glance, and the controls that keep it so."""

from typing import Any, Final

from dash import Dash, Input, Output, State, dcc, html, set_props
from dash.exceptions import PreventUpdate

from dashboard.components.overview import overview
from dashboard.context import Context, who
from dashboard.pages.overview import chart, freezing, limits
from dashboard.pages.overview.look import NOTICES, look, notices, parts, view_of_address
from dashboard.registry import Page
from dashboard.services import Services

TICK_MS: Final = 5_000
SEEN: Final = "overview-seen"


async def layout(context: Context) -> Any:
    """The whole section as it stands."""
    found = await look(context.services, context.view)
    seen = found.figures
    beside = limits.limit_panel(context.services, seen.read, may_change=context.may_change)
    return [
        dcc.Interval({"type": "tick", "page": "overview"}, interval=TICK_MS),
        dcc.Store(SEEN, data=parts(found).seen),
        *chart.holders(seen.shown.burn),
        html.Div(notices(found), id=NOTICES, className="stack notices"),
        overview(seen.shown, beside, chart.place()),
    ]


def register(app: Dash, services: Services) -> None:
    """The section's callbacks."""
    chart.register(app, services)
    limits.register(app, services)
    freezing.register(app, services)

    @app.callback(
        Output(SEEN, "data"),
        Input({"type": "tick", "page": "overview"}, "n_intervals"),
        State(SEEN, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def refresh(_n: Any, seen: Any, search: Any) -> Any:
        now = parts(await look(services, view_of_address(search)))
        changed, kept = now.since(seen)
        if not changed:
            raise PreventUpdate
        may_change = who().role == "admin"
        for part in changed:
            if may_change or part.id != freezing.BOX:
                set_props(part.id, dict(part.props))
        return kept


PAGE = Page("overview", "Overview", "overview", layout, register, phone=True)
