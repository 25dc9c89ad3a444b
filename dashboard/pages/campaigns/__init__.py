"""Campaigns: spend against budget, whether they may spend, what they bring in."""

from dataclasses import replace
from typing import Any, Final

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import course, drawers, limit_change, live_cells
from dashboard.books import books
from dashboard.components.cards import panel
from dashboard.components.filters import filter_bar
from dashboard.components.states import stale
from dashboard.context import PREFIX, Context
from dashboard.narrow import SCOPED, offered, scope_of
from dashboard.pages.campaigns import acts, detail, table
from dashboard.periods import period_of_view
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.state import View, parse
from insights.books import Books
from insights.campaigns import Campaigns, CampaignStatus, campaigns
from insights.period import Period
from insights.rules import rules
from storage.errors import StorageError

SECTION: Final = table.SECTION
TICK_MS: Final = 5_000
OWN: Final = ("campaign",)
SECTION_BY: Final = "campaign"
STATUSES: Final[tuple[CampaignStatus, ...]] = ("active", "paused", "completed")


async def layout(context: Context) -> Any:
    """Filters, how campaigns stand, the table, and the drawer with the question before a change."""
    services, view = context.services, context.view
    now = books(services)
    period = period_of_view(view, now.timezone, now.now_ms)
    found, live = await _figures(now, period, view)
    filled = await detail.fill(services, period, view.opened) if view.opened else None
    drawn = await _course(now, period, view, found)
    slots = table.slots(found, live, view)
    choices = {**await offered(services, now, period), "status": STATUSES}
    return [
        filter_bar(view, PREFIX, choices),
        dcc.Interval({"type": "tick", "page": SECTION}, interval=TICK_MS),
        live_cells.shown(SECTION, slots),
        dcc.Store(f"{SECTION}-version", data=[found.version, now.now_ms]),
        html.Div(id=f"{SECTION}-stale"),
        *_narrowed(view),
        course.panel_of(drawn, view, period, section=SECTION, usual=SECTION_BY),
        html.Div(
            _body(found, live, view, slots, now.now_ms), id=f"{SECTION}-body", className="stack"
        ),
        *drawers.host(SECTION, view.opened, filled),
        acts.question(),
        *limit_change.question(SECTION),
    ]


def _narrowed(view: View) -> list[html.P]:
    """What stays whole while filters narrow the rest."""
    if not any(name in view.filters for name in SCOPED if name not in OWN):
        return []
    text = (
        "Filters narrow what was spent in this time, its trend and course; budgets, all time, "
        "revenue and ROI are of the whole campaign."
    )
    return [html.P(text, className="told", role="status")]


async def _course(now: Books, period: Period, view: View, found: Campaigns) -> course.Course:
    """Of the campaigns that the filters leave: their status is one of those filters."""
    scope = scope_of(view)
    if "status" in view.filters:
        scope = replace(scope, campaign=tuple(row.campaign for row in table.left(found, view)))
    return await course.course(now, period, course.group_of(view, SECTION_BY), scope)


def _body(
    found: Campaigns, live: table.Live, view: View, slots: live_cells.Slots, now_ms: int
) -> Any:
    note = table.budgets_words(live, now_ms)
    return [
        panel("How campaigns stand", table.summary(found, view), tone="purple"),
        panel(
            "Campaigns",
            table.body(found, view, slots),
            table.top_or_all(found, view),
            tone="cyan",
            note=note,
        ),
    ]


async def _figures(now: Books, period: Period, view: View) -> tuple[Campaigns, table.Live]:
    found = await campaigns(now, period, scope_of(view, without=OWN))
    return found, table.live_of(await rules(now), found)


def register(app: Dash, services: Services) -> None:
    """Refresh figures while the page is open, open the drawer, and change campaigns."""

    def view_now(search: Any) -> tuple[View, Books, Period]:
        view, now = parse(SECTION, search if isinstance(search, str) else ""), books(services)
        return view, now, period_of_view(view, now.timezone, now.now_ms)

    async def fill(name: str, search: str) -> drawers.Filled:
        _view, _now, period = view_now(search)
        return await detail.fill(services, period, name)

    async def redraw(name: str, search: str) -> tuple[Any, Any]:
        view, now, period = view_now(search)
        found, live = await _figures(now, period, view)
        _title, inside = await detail.fill(services, period, name)
        return inside, _body(found, live, view, table.slots(found, live, view), now.now_ms)

    drawers.register(app, SECTION, fill)
    acts.register(app, services, fill, redraw)

    @app.callback(
        Output(f"{SECTION}-shown", "data"),
        Output(f"{SECTION}-body", "children"),
        Output(f"{SECTION}-version", "data"),
        Output(f"{SECTION}-stale", "children"),
        Input({"type": "tick", "page": SECTION}, "n_intervals"),
        State(f"{SECTION}-shown", "data"),
        State(f"{SECTION}-version", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def refresh(_n: Any, before: Any, version: Any, search: Any) -> Any:
        view, now, period = view_now(search)
        known, since_ms = live_cells.seen(version)

        async def make(_last: Any) -> tuple[Campaigns, table.Live]:
            return await _figures(now, period, view)

        try:
            snapshot = await services.shared.get((SECTION, view.query), make)
        except StorageError as error:
            late = stale(abs(since_ms), now.now_ms, f"{error}.")
            return no_update, no_update, [known, -abs(since_ms)], late
        if snapshot.why_stale:
            late = stale(now.now_ms - snapshot.age_ms, now.now_ms, f"{snapshot.why_stale}.")
            return no_update, no_update, [known, -abs(since_ms)], late
        found, live = snapshot.figures
        slots = table.slots(found, live, view)
        drawn = [found.version, now.now_ms]
        if not live_cells.same_rows(before, slots):
            return live_cells.signs(slots), _body(found, live, view, slots, now.now_ms), drawn, None
        kept = live_cells.refresh(SECTION, before, slots)
        if kept is no_update and since_ms >= 0:
            raise PreventUpdate
        return kept, no_update, drawn, None


PAGE = Page(SECTION, "Campaigns", "campaigns", layout, register, phone=True)
