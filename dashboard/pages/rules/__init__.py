"""Rules: every budget and every value of it as it stands now, and the overrides of admins."""

from typing import Any, Final

from dash import ALL, Dash, Input, Output, State, dcc, html, no_update, set_props
from dash.exceptions import PreventUpdate

from budget.overrides import Wanted
from dashboard import actions, drawers, limit_change, live_cells, threshold_change
from dashboard.books import books
from dashboard.components.filters import filter_bar
from dashboard.components.states import stale
from dashboard.context import PREFIX, Context
from dashboard.errors import Invalid
from dashboard.limit_change import NewLimit
from dashboard.narrow import offered
from dashboard.pages.rules import detail, table
from dashboard.periods import period_of_view
from dashboard.registry import Page
from dashboard.rule_rows import SEPARATOR, VALUES_SEPARATOR, row_named
from dashboard.services import Services
from dashboard.state import View, opened_name, parse
from insights.books import Books
from insights.rules import RuleRow, rules
from storage.errors import StorageError

SECTION: Final = table.SECTION
TICK_MS: Final = 5_000
NARROWED_BY: Final = ("agent", "campaign", "model", "key")


async def layout(context: Context) -> Any:
    """Filters, all rules with their values, and the drawer."""
    services, view = context.services, context.view
    now = books(services)
    period = period_of_view(view, now.timezone, now.now_ms)
    rows = await _rows(now, view)
    filled = await detail.fill(services, view.opened) if view.opened else None
    slots = table.slots(rows, view, now.now_ms)
    return [
        filter_bar(view, PREFIX, await offered(services, now, period, NARROWED_BY)),
        *_narrowed(view),
        dcc.Interval({"type": "tick", "page": SECTION}, interval=TICK_MS),
        live_cells.shown(SECTION, slots),
        dcc.Store(f"{SECTION}-version", data=[0, now.now_ms]),
        html.Div(id=f"{SECTION}-stale"),
        html.Div(_body(now, rows, view, slots), id=f"{SECTION}-body", className="stack"),
        *drawers.host(SECTION, view.opened, filled),
        *limit_change.question(SECTION),
    ]


def _narrowed(view: View) -> list[html.P]:
    """Why figures stay as they are while filters are in force."""
    if not any(name in view.filters for name in NARROWED_BY):
        return []
    text = (
        "Filters choose which rules and values are listed; a counter holds all that its rule "
        "counts, and cannot be narrowed."
    )
    return [html.P(text, className="told", role="status")]


def _body(now: Books, rows: list[RuleRow], view: View, slots: live_cells.Slots) -> list[Any]:
    return table.body(rows, view, slots, primary=now.primary.name if now.primary else "")


async def _rows(now: Books, view: View) -> list[RuleRow]:
    return table.wanted(await rules(now), view)


def register(app: Dash, services: Services) -> None:
    """Refresh figures while the page is open, open the drawer, set and lift overrides."""

    async def fill(name: str, _search: str) -> drawers.Filled:
        return await detail.fill(services, name)

    async def redraw(name: str, search: str) -> tuple[Any, Any]:
        view, now = parse(SECTION, search), books(services)
        rows = await _rows(now, view)
        _title, inside = await detail.fill(services, name)
        return inside, _body(now, rows, view, table.slots(rows, view, now.now_ms))

    async def save(new: NewLimit) -> None:
        row = await row_named(books(services), new.name)
        if row is None or (row.rule.each and row.value_name and not row.value):
            raise Invalid("There is no such budget any more.")
        at_ms = services.lifeline.now_ms() if new.window_only else None
        by = new.by
        await services.limits.set(
            Wanted(
                row.rule,
                new.limit_nano,
                at_ms,
                by.who,
                by.place,
                by.reason,
                row.value,
                new.expected_version,
            )
        )

    async def told(row: RuleRow, _search: str) -> None:
        changed = await detail.changes_of(books(services), row)
        set_props(detail.CHANGES, {"children": changed})

    drawers.register(app, SECTION, fill)
    limit_change.register(app, services, limit_change.Desk(SECTION, row_named, save, redraw))
    threshold_change.register(app, services, threshold_change.Desk(SECTION, row_named, told))
    _add(app)
    _ticks(app, services)


def _add(app: Dash) -> None:
    @app.callback(
        Output(f"{SECTION}-open", "data"),
        Input(f"{SECTION}-value-open", "n_clicks"),
        State({"type": f"{SECTION}-value", "dimension": ALL}, "value"),
        State(f"{SECTION}-value-of", "data"),
        prevent_initial_call=True,
    )
    async def add(clicks: Any, values: Any, rule: Any) -> Any:
        actions.clicked(clicks)
        if not isinstance(values, list) or opened_name(rule) is None:
            raise PreventUpdate
        parts = [actions.text(value, "A name", 128) for value in values]
        return {"name": f"{rule}{SEPARATOR}{VALUES_SEPARATOR.join(parts)}", "at": clicks}


def _ticks(app: Dash, services: Services) -> None:
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
        view, now = parse(SECTION, search if isinstance(search, str) else ""), books(services)
        _known, since_ms = live_cells.seen(version)

        async def make(_last: Any) -> tuple[RuleRow, ...]:
            return await rules(now)

        try:
            snapshot = await services.shared.get((SECTION,), make)
        except StorageError as error:
            late = stale(abs(since_ms), now.now_ms, f"{error}.")
            return no_update, no_update, [0, -abs(since_ms)], late
        if snapshot.why_stale:
            late = stale(now.now_ms - snapshot.age_ms, now.now_ms, f"{snapshot.why_stale}.")
            return no_update, no_update, [0, -abs(since_ms)], late
        rows = table.wanted(snapshot.figures, view)
        slots, drawn = table.slots(rows, view, now.now_ms), [0, now.now_ms]
        if not live_cells.same_rows(before, slots):
            return live_cells.signs(slots), _body(now, rows, view, slots), drawn, None
        kept = live_cells.refresh(SECTION, before, slots)
        if kept is no_update and since_ms >= 0:
            raise PreventUpdate
        return kept, no_update, drawn, None


PAGE = Page(SECTION, "Rules", "rules", layout, register)
