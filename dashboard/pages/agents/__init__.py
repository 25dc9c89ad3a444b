"""Agents: what each agent type spends, on what, and against which limits."""

from typing import Any, Final

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import course, drawers, live_cells
from dashboard.books import books
from dashboard.components.cards import panel
from dashboard.components.filters import filter_bar
from dashboard.components.states import stale
from dashboard.context import PREFIX, Context
from dashboard.narrow import offered, scope_of, told
from dashboard.pages.agents import detail, table
from dashboard.periods import period_of_view
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.state import View, parse
from insights.agents import Agents, agents
from insights.books import Books
from insights.period import Period
from storage.errors import StorageError
from storage.usage import figures_version

SECTION: Final = "agents"
TICK_MS: Final = 5_000
OWN: Final = ("agent",)
SECTION_BY: Final = "agent"


async def layout(context: Context) -> Any:
    """Filters, the course of spend, all agent types, and the drawer."""
    view, now = context.view, books(context.services)
    period = period_of_view(view, now.timezone, now.now_ms)
    found = await agents(now, period, scope_of(view, without=OWN))
    by = course.group_of(view, SECTION_BY)
    drawn = await course.course(now, period, by, scope_of(view))
    filled = await detail.fill(now, period, view.opened) if view.opened else None
    slots = table.slots(found, view)
    return [
        filter_bar(view, PREFIX, await offered(context.services, now, period)),
        dcc.Interval({"type": "tick", "page": SECTION}, interval=TICK_MS),
        live_cells.shown(SECTION, slots),
        dcc.Store(f"{SECTION}-version", data=[found.version, now.now_ms]),
        html.Div(id=f"{SECTION}-stale"),
        *(html.P(text, className="told", role="status") for text in told(view)),
        course.panel_of(drawn, view, period, section=SECTION, usual=SECTION_BY),
        html.Div(_table(found, view, slots), id=f"{SECTION}-table", className="stack"),
        *drawers.host(SECTION, view.opened, filled),
    ]


def _table(found: Agents, view: View, slots: live_cells.Slots) -> Any:
    return panel(
        "All agents" if view.every else "Top agents",
        table.body(found, view, slots),
        table.top_or_all(found, view),
        tone="cyan",
        note="by what they spent",
    )


async def _now(services: Services, view: View) -> tuple[Books, Period]:
    now = books(services)
    return now, period_of_view(view, now.timezone, now.now_ms)


def register(app: Dash, services: Services) -> None:
    """Refresh figures while the page is open, and open the drawer."""

    async def fill(name: str, search: str) -> drawers.Filled:
        now, period = await _now(services, parse(SECTION, search))
        return await detail.fill(now, period, name)

    drawers.register(app, SECTION, fill)

    @app.callback(
        Output(f"{SECTION}-shown", "data"),
        Output(f"{SECTION}-table", "children"),
        Output(f"{SECTION}-version", "data"),
        Output(f"{SECTION}-stale", "children"),
        Input({"type": "tick", "page": SECTION}, "n_intervals"),
        State(f"{SECTION}-shown", "data"),
        State(f"{SECTION}-version", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def refresh(_n: Any, before: Any, version: Any, search: Any) -> Any:
        view = parse(SECTION, search if isinstance(search, str) else "")
        known, since_ms = live_cells.seen(version)
        now, period = await _now(services, view)

        async def make(last: Agents | None) -> Agents:
            if last is not None and last.version == await figures_version(now.ledger):
                return last
            return await agents(now, period, scope_of(view, without=OWN))

        try:
            snapshot = await services.shared.get((SECTION, view.query), make)
        except StorageError as error:
            late = stale(abs(since_ms), now.now_ms, f"{error}.")
            return no_update, no_update, [known, -abs(since_ms)], late
        if snapshot.why_stale:
            late = stale(now.now_ms - snapshot.age_ms, now.now_ms, f"{snapshot.why_stale}.")
            return no_update, no_update, [known, -abs(since_ms)], late
        found = snapshot.figures
        if since_ms >= 0 and known == found.version:
            raise PreventUpdate
        slots = table.slots(found, view)
        drawn = [found.version, now.now_ms]
        if live_cells.same_rows(before, slots):
            return live_cells.refresh(SECTION, before, slots), no_update, drawn, None
        return live_cells.signs(slots), _table(found, view, slots), drawn, None


PAGE = Page(SECTION, "Agents", "agents", layout, register, phone=True)
