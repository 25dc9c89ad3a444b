"""The section: lines by page, filters, and whether the chain is whole."""

from typing import Any, Final
from zoneinfo import ZoneInfo

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import formats
from dashboard.aria import aria
from dashboard.books import books
from dashboard.chain import Chain, Verified
from dashboard.components.basics import badge, when
from dashboard.components.cards import panel
from dashboard.components.filters import filter_bar
from dashboard.components.states import empty
from dashboard.context import PREFIX, Context
from dashboard.icons import icon
from dashboard.links import stay
from dashboard.pages.audit.words import told
from dashboard.periods import period_of_view
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.state import View, parse
from insights.audit_trail import AuditPage, audit_page
from storage.audit import Audited, AuditSearch
from storage.errors import StorageError

TICK_MS: Final = 5_000
LINES: Final = 50


async def layout(context: Context) -> Any:
    """One page of the log."""
    found = await _page(context.services, context.view)
    view = context.view
    offered = {"action": found.actions, "person": found.people, "text": (), "before": ()}
    asked = view.filters.get("text", ())
    find = dmc.TextInput(
        id={"type": "find", "page": "audit", "name": "text"},
        value=asked[0] if asked else "",
        debounce=500,
        placeholder="Words in what changed, or why",
        leftSection=icon("search"),
        className="feed-find",
        **aria(label="Find lines by words"),
    )
    search = html.Div([find, filter_bar(view, PREFIX, offered)], className="feed-search")
    return [
        dcc.Interval({"type": "tick", "page": "audit"}, interval=TICK_MS),
        dcc.Store("audit-found"),
        dcc.Store("audit-newest", data=await _newest(context.services)),
        panel(
            "Changes",
            [search, html.Div(_lines(context.services, view, found), id="audit-lines")],
            aside=html.Div(_checking(), id="audit-chain", role="status"),
            wide=True,
        ),
    ]


def register(app: Dash, services: Services) -> None:
    """New lines as they come, and the chain."""
    chain = Chain(services.ledger)

    @app.callback(
        Output("audit-chain", "children"),
        Input({"type": "tick", "page": "audit"}, "n_intervals"),
        State("audit-chain", "children"),
    )
    async def verify(ticks: Any, _shown: Any) -> Any:
        now_ms = services.lifeline.now_ms()
        try:
            state = await chain.look()
        except StorageError as error:
            return badge(f"not verified: {error}", "amber", "stale")
        # Settled states are told once a minute: only how long ago grows.
        if isinstance(ticks, int) and ticks % 12 and state.whole:
            raise PreventUpdate
        return chain_state(state, now_ms)

    @app.callback(
        Output("audit-lines", "children"),
        Output("audit-newest", "data"),
        Input({"type": "tick", "page": "audit"}, "n_intervals"),
        State("audit-newest", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def refresh(_n: Any, newest: Any, search: Any) -> Any:
        view = parse("audit", search if isinstance(search, str) else "")
        now = await _newest(services)
        if now == newest:
            raise PreventUpdate
        if "before" in view.filters:
            return no_update, now
        return _lines(services, view, await _page(services, view)), now

    app.clientside_callback(
        ClientsideFunction("purser", "find"),
        Output("audit-found", "data"),
        Input({"type": "find", "page": "audit", "name": ALL}, "value"),
        State({"type": "find", "page": "audit", "name": ALL}, "id"),
        prevent_initial_call=True,
    )


def _checking() -> Any:
    return badge("verifying the chain", "grey", "refresh")


def chain_state(state: Verified, now_ms: int) -> Any:
    """How the chain stands, in words."""
    if state.problems:
        return html.Span(
            badge(f"broken: {state.problems[0]}", "red", "danger"), title="; ".join(state.problems)
        )
    if state.done_ms is None:
        return badge(f"verifying: #{state.seq} so far", "grey", "refresh")
    if not state.seq:
        return badge("no line yet", "grey", "audit")
    return html.Span(
        [
            badge(f"verified up to #{state.seq}", "green", "ok"),
            html.Span(when(state.done_ms, now_ms), className="audit-when"),
        ],
        title="Each line carries the hash of the line before it: none was changed or taken out",
    )


async def _newest(services: Services) -> int:
    lines = await services.ledger.audited(1)
    return lines[0].seq if lines else 0


async def _page(services: Services, view: View) -> AuditPage:
    asked = books(services)
    interval = period_of_view(view, asked.timezone, asked.now_ms).interval
    words = view.filters.get("text")
    before = view.filters.get("before", ("",))[0]
    # What is not a number asks for nothing: the chip in sight says so.
    below = int(before) if before.isdecimal() and len(before) < 17 else None
    wanted = AuditSearch(
        action=view.filters.get("action"),
        who=view.filters.get("person"),
        since_ms=interval.start_ms,
        until_ms=interval.end_ms,
        text=words[0] if words else None,
    )
    return await audit_page(asked, wanted, LINES, below)


def _lines(services: Services, view: View, found: AuditPage) -> Any:
    if not found.lines:
        if view.filters or found.actions:
            return empty(
                "No line fits", "Nothing in this period fits. Lift a filter, or look further."
            )
        return empty("Nothing was changed yet", "Every change will stand here.", icon_name="audit")
    asked = books(services)
    zone = ZoneInfo(asked.timezone)
    return [
        html.Ol([line(each, zone) for each in found.lines], className="audit-list"),
        _pager(view, found),
    ]


def _pager(view: View, found: AuditPage) -> Any:
    links = []
    if "before" in view.filters:
        links.append(
            stay("To the newest", view.having("before", ()).href(PREFIX), className="more")
        )
    if found.next_seq is not None:
        older = view.having("before", (str(found.next_seq),))
        links.append(stay(["Older", icon("right")], older.href(PREFIX), className="more"))
    first, last = found.lines[0].seq, found.lines[-1].seq
    return html.Nav(
        [html.Span(f"#{last} to #{first}", className="dim figures"), *links],
        className="audit-pager",
        **aria(label="Pages"),
    )


def line(each: Audited, zone: ZoneInfo) -> html.Li:
    """One line: who did what to what, from where, when and why."""
    act = each.act
    words = told(act)
    name: Any = words.about or words.done
    if words.href:
        name = html.A([name, icon("open")], href=words.href, className="row-name audit-open")
    did = [f" {words.done} ", name] if words.about else [" ", name]
    turned = [html.Del(words.old), icon("right", "to")] if words.old else []
    changed = html.Span([*turned, html.Ins(words.new)], className="audit-turned")
    return html.Li(
        [
            html.Span(icon(words.icon), className="two-icon"),
            html.Div(
                [
                    html.Div([html.B(act.who), *did]),
                    changed if words.old or words.new else None,
                    html.Div(f"“{act.reason}”", className="dim") if act.reason else None,
                ],
                className="audit-what",
            ),
            html.Div(
                [
                    html.Time(formats.moment(each.at_ms, zone), className="figures"),
                    html.Span(f"#{each.seq} · {act.place}", className="dim figures"),
                ],
                className="audit-where",
            ),
        ],
        id=f"audit-{each.seq}",
        className="audit-row",
        title=f"hash {each.hash}",
    )


PAGE = Page("audit", "Audit", "audit", layout, register)
