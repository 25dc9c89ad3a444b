"""The section: its search, its list on a desk and its cards on a phone, and how both move."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import formats
from dashboard.aria import aria
from dashboard.books import books
from dashboard.components import states
from dashboard.components.cards import panel
from dashboard.components.filters import Offered, filter_bar
from dashboard.context import PREFIX, Context
from dashboard.errors import Invalid
from dashboard.exports import TRANSACTIONS
from dashboard.feed import row_of, wanted_of
from dashboard.icons import icon
from dashboard.pages.transactions import details, flight
from dashboard.pages.transactions.cards import card_list
from dashboard.pages.transactions.grid import GRID, grid, scripts
from dashboard.periods import period_of_view
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.state import View, parse
from insights.transactions import DEEP_MAX, ROWS_MAX, Rows, rows
from storage.errors import StorageError
from storage.records import Status
from storage.usage import By, figures_version, used_by

TICK_MS: Final = 3_000
CHOICES_MAX: Final = 100
"""Of one filter in its menu; others can be written into the address."""
CARDS: Final = 30
"""So many more each time."""
CARDS_MAX: Final = 300


async def layout(context: Context) -> Any:
    """The section for one view; rows come on their own."""
    found = await _rows(context.services, context.view, 0, 0)
    flying = await flight.look(context.services)
    return [
        dcc.Interval({"type": "tick", "page": "transactions"}, interval=TICK_MS),
        dcc.Store("transactions-known", data={"version": found.version, "away": False}),
        dcc.Store("transactions-spec", data=_spec(found)),
        dcc.Store("transactions-mode"),
        dcc.Store("transactions-found"),
        dcc.Store("transactions-chosen"),
        html.Div(id="transactions-stale"),
        dcc.Store(flight.FLYING, data=flight.sign(flying, context.view)),
        html.Div(flight.strip(flying, context.view), id=flight.STRIP),
        panel(
            "Calls",
            [
                _search(context.view, await _offered(context.services, context.view)),
                html.Div(
                    states.skeleton("rows", 8) if found.total else _empty(context.view),
                    id="transactions-frame",
                    className="feed-frame",
                ),
                html.Div(id="transactions-cards"),
                html.P(_LEGEND, className="feed-legend dim"),
            ],
            aside=_aside(context.view, found),
            wide=True,
        ),
        *details.placeholders(),
    ]


_LEGEND: Final = [
    html.Span(className="split-input key-split"), "input ",
    html.Span(className="split-cached key-split"), "cached ",
    html.Span(className="split-output key-split"), "output ",
    html.Span(className="split-reasoning key-split"), "reasoning. ",
    html.Span("Enter opens a call, C copies its id. The list stands still while you point at it."),
]  # fmt: skip


def _aside(view: View, found: Rows) -> list[Any]:
    return [
        html.Button("New calls: show", id="transactions-waiting", className="chip", hidden=True),
        html.Span(_count(found), id="transactions-count", className="dim figures"),
        html.A(
            [icon("export"), html.Span("CSV")],
            href=f"{TRANSACTIONS}?{view.query}" if view.query else TRANSACTIONS,
            download=True,
            className="button quiet",
            title="Everything that is filtered, as CSV",
        ),
    ]


def _search(view: View, offered: Offered) -> Any:
    asked = view.filters.get("call", ())
    find = dmc.TextInput(
        id={"type": "find", "page": "transactions", "name": "call"},
        value=asked[0] if asked else "",
        debounce=500,
        placeholder="Id of a call, request or execution",
        leftSection=icon("search"),
        className="feed-find",
        **aria(label="Find a call by its id"),
    )
    return html.Div([find, filter_bar(view, PREFIX, offered)], className="feed-search")


async def _offered(services: Services, view: View) -> Offered:
    """What there is to filter by in the time that is shown."""
    asked = books(services)
    elapsed = period_of_view(view, asked.timezone, asked.now_ms).elapsed
    dimensions: tuple[By, ...] = ("agent", "campaign", "model", "endpoint", "key")
    uses = await asyncio.gather(*(used_by(services.ledger, by, elapsed) for by in dimensions))
    found: dict[str, list[str]]
    found = {by: sorted(use)[:CHOICES_MAX] for by, use in zip(dimensions, uses, strict=True)}
    return {**found, "status": [status.value for status in Status], "call": ()}


def _empty(view: View) -> Any:
    if view.filters:
        return states.empty(
            "No call fits", "Nothing in this period fits the filters. Lift one, or look further."
        )
    return states.empty(
        "No calls yet",
        "Point an agent's OpenAI base URL here: its calls appear by themselves.",
        icon_name="transactions",
    )


def _count(found: Rows) -> str:
    return f"{'' if found.exact else 'more than '}{formats.count(found.total, 'entry', 'entries')}"


def _spec(found: Rows) -> Any:
    return {"scripts": scripts(), "grid": grid()} if found.total else None


async def _rows(services: Services, view: View, start: int, end: int) -> Rows:
    asked = books(services)
    try:
        wanted = wanted_of(view, asked.timezone, asked.now_ms)
        return await rows(asked, wanted, start, end)
    except ValueError as error:
        raise Invalid(f"{error}.") from None


def register(app: Dash, services: Services) -> None:
    """The list's callbacks."""
    details.register(app, services)
    _register_browser(app)

    @app.callback(
        Output(GRID, "getRowsResponse"),
        Input(GRID, "getRowsRequest"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def give(asked: Any, search: Any) -> Any:
        start, end = _place(asked)
        found = await _rows(services, _view(search), start, end)
        return {"rowData": _shown(services, found), "rowCount": found.total}

    @app.callback(
        Output("transactions-known", "data"),
        Output("transactions-count", "children"),
        Output("transactions-spec", "data"),
        Output("transactions-stale", "children"),
        Output(flight.STRIP, "children"),
        Output(flight.FLYING, "data"),
        Input({"type": "tick", "page": "transactions"}, "n_intervals"),
        State("transactions-known", "data"),
        State("transactions-mode", "data"),
        State(flight.FLYING, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def tick(_n: Any, known: Any, mode: Any, before: Any, search: Any) -> Any:
        known = known if isinstance(known, Mapping) else {}
        flying, view = await flight.look(services), _view(search)
        now = flight.sign(flying, view)
        flown = (no_update,) * 2 if now == before else (flight.strip(flying, view), now)
        try:
            version = await figures_version(services.ledger)
            if version == known.get("version") and not known.get("away"):
                return _only(flown)
            found = await _rows(services, view, 0, 0)
        except StorageError as error:
            if known.get("away"):
                return _only(flown)
            told = states.note(f"The list stands still: {error}.", "amber", "stale")
            return {**known, "away": True}, no_update, no_update, told, *flown
        spec = _spec(found) if mode is None else no_update
        return {"version": found.version, "away": False}, _count(found), spec, [], *flown

    @app.callback(
        Output("transactions-cards", "children"),
        Output("transactions-frame", "children", allow_duplicate=True),
        Input("transactions-mode", "data"),
        Input("transactions-known", "data"),
        Input({"type": "transactions-more", "rows": ALL}, "n_clicks"),
        State({"type": "transactions-more", "rows": ALL}, "id"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def cards(mode: Any, _known: Any, clicks: Any, ids: Any, search: Any) -> Any:
        if mode != "cards":
            raise PreventUpdate
        shown = _cards_wanted(clicks, ids)
        found = await _rows(services, _view(search), 0, shown)
        return card_list(_shown(services, found), shown, found.total, CARDS_MAX, CARDS), []


def _only(flown: tuple[Any, ...]) -> tuple[Any, ...]:
    """What has changed where the list has not; stops where nothing has."""
    if flown[0] is no_update:
        raise PreventUpdate
    return *(no_update,) * 4, *flown


def _register_browser(app: Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("purser", "feed"),
        Output("transactions-frame", "children"),
        Output("transactions-mode", "data"),
        Input("transactions-spec", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("purser", "moved"),
        Output("transactions-found", "data"),
        Input("transactions-known", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("purser", "find"),
        Output("transactions-found", "data", allow_duplicate=True),
        Input({"type": "find", "page": "transactions", "name": ALL}, "value"),
        State({"type": "find", "page": "transactions", "name": ALL}, "id"),
        prevent_initial_call=True,
    )


def _view(search: Any) -> View:
    return parse("transactions", search if isinstance(search, str) else "")


def _shown(services: Services, found: Rows) -> list[dict[str, Any]]:
    zone = ZoneInfo(books(services).timezone)
    return [row_of(entry, zone) for entry in found.entries]


def _place(asked: Any) -> tuple[int, int]:
    """Which rows the grid asks for; raises `Invalid`."""
    if not isinstance(asked, Mapping):
        raise PreventUpdate
    start, end = (_whole(asked.get(name)) for name in ("startRow", "endRow"))
    if not 0 <= start <= end or end - start > ROWS_MAX:
        raise Invalid(f"at most {ROWS_MAX} rows are given at once.")
    return min(start, DEEP_MAX), min(end, DEEP_MAX)


def _whole(given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise Invalid("a list is asked for by whole row numbers.")
    return given


def _cards_wanted(clicks: Any, ids: Any) -> int:
    shown = CARDS
    for clicked, each in zip(clicks or (), ids or (), strict=False):
        rows_then = each.get("rows") if isinstance(each, Mapping) else None
        if isinstance(rows_then, int):
            shown = rows_then + (CARDS if clicked else 0)
    return max(CARDS, min(shown, CARDS_MAX))


PAGE = Page("transactions", "Transactions", "transactions", layout, register, phone=True)
