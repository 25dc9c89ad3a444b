"""One call in its drawer: what it used and cost, every entry of it, and its correction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboard import formats
from dashboard.books import books
from dashboard.components import states
from dashboard.components.bars import progress
from dashboard.components.basics import agent_name, code, key_values, money
from dashboard.components.cards import more_link, stat, stats
from dashboard.components.overlays import drawer
from dashboard.context import PREFIX, who
from dashboard.feed import flags_of, is_id, look_of
from dashboard.icons import icon
from dashboard.pages.transactions import correcting
from dashboard.services import Services
from dashboard.state import View
from storage.entries import totals_of
from storage.errors import StorageError
from storage.records import LedgerEntry, Status, Usage

DRAWER: Final = "transactions-drawer"
KINDS: Final = (
    ("Input", "input_tokens"),
    ("of which cached", "cached_tokens"),
    ("of which written to the cache", "cache_write_tokens"),
    ("of which audio", "audio_input_tokens"),
    ("of which images", "image_input_tokens"),
    ("Output", "output_tokens"),
    ("of which reasoning", "reasoning_tokens"),
    ("of which audio", "audio_output_tokens"),
    ("of which images", "image_output_tokens"),
    ("Web searches", "web_searches"),
    ("File searches", "file_searches"),
    ("Code sessions", "code_sessions"),
    ("Characters spoken", "characters"),
    ("Seconds of audio heard", "audio_seconds"),
    ("Images drawn", "images"),
    ("Seconds of video", "video_seconds"),
)


def placeholders() -> list[Any]:
    """The empty drawer, and what it shows."""
    return [
        dcc.Store("transactions-shown"),
        drawer("One call", [], id=DRAWER),
    ]


def register(app: Dash, services: Services) -> None:
    """Open the drawer, and correct what it shows."""

    @app.callback(
        Output(DRAWER, "opened"),
        Output(DRAWER, "children"),
        Output("transactions-shown", "data"),
        Input("transactions-chosen", "data"),
        prevent_initial_call=True,
    )
    async def show(chosen: Any) -> Any:
        hold = chosen.get("hold") if isinstance(chosen, Mapping) else None
        if not isinstance(hold, str) or not is_id(hold):
            raise PreventUpdate
        children, known = await shown(services, hold)
        return True, children, known

    @app.callback(
        Output(DRAWER, "children", allow_duplicate=True),
        Output("transactions-shown", "data", allow_duplicate=True),
        Input("transactions-correct", "n_clicks"),
        State("transactions-shown", "data"),
        State("transactions-charge", "value"),
        State("transactions-provider", "value"),
        State("transactions-reason", "value"),
        prevent_initial_call=True,
    )
    async def correct(clicks: Any, known: Any, charge: Any, provider: Any, reason: Any) -> Any:
        hold = await correcting.post(services, clicks, known, charge, provider, reason)
        return await shown(services, hold)


async def shown(services: Services, hold_id: str) -> tuple[list[Any], dict[str, Any]]:
    """All about a call, and what of it a correction has to build on."""
    try:
        entries = await services.ledger.entries_of(hold_id)
    except StorageError as error:
        problem = states.error_state("The call cannot be shown", str(error), "Try again shortly.")
        return [problem], {}
    if not entries:
        gone = states.empty(
            "Not in the ledger", "A call in flight is written here once it has ended."
        )
        return [gone], {}
    zone = ZoneInfo(books(services).timezone)
    known = {"hold": hold_id, "entries": len(entries)}
    return contents(entries, zone, may_change=who().role == "admin"), known


def contents(entries: Sequence[LedgerEntry], zone: ZoneInfo, *, may_change: bool) -> list[Any]:
    """The drawer's content, from the ledger alone."""
    first = entries[0]
    form = correcting.form(entries) if may_change and correcting.can_be(first) else []
    audit = View("audit").having("text", (first.hold_id,)).href(PREFIX)
    return [
        _head(first),
        _amounts(entries),
        _part("What it used", key_values(_used(first.usage))),
        _part("Entries in the ledger", _entries(entries, zone)),
        _part("The call", key_values(_facts(first, zone))),
        *form,
        html.P(more_link("What the audit log says of it", audit), className="drawer-foot"),
    ]


def _head(first: LedgerEntry) -> Any:
    tone, icon_name, words = look_of(first)
    flags = flags_of(first)
    return html.Div(
        [
            html.Span([icon(icon_name), html.Span(words)], className=f"badge tone-{tone}"),
            html.Span(flags, className="dim"),
            code(first.hold_id, "the id of the call"),
        ],
        className="call-head",
    )


def _amounts(entries: Sequence[LedgerEntry]) -> Any:
    first, (_, total) = entries[0], totals_of(list(entries))
    parts: list[Any] = [
        stats(
            [
                stat("Charged", money(total.charge, fine=True), "agent's rate or price"),
                stat("Provider", money(total.provider, fine=True), "by the price list"),
                stat("Held", money(first.held_nano, fine=True), "before it left"),
            ]
        )
    ]
    share = formats.per_mille(total.charge, first.held_nano)
    if share is not None:
        parts += [
            progress(share, "Charged of what was held"),
            html.P(f"{formats.percent(share)} of what was held was charged.", className="dim"),
        ]
    return html.Div(parts, className="call-amounts")


def _used(usage: Usage) -> list[tuple[str, Any]]:
    found = [(name, formats.integer(n)) for name, kind in KINDS if (n := getattr(usage, kind))]
    return found or [("Nothing", "no units are counted for it")]


def _entries(entries: Sequence[LedgerEntry], zone: ZoneInfo) -> Any:
    return html.Ol([_entry(entry, zone) for entry in entries], className="call-entries")


def _entry(entry: LedgerEntry, zone: ZoneInfo) -> Any:
    correction = entry.status is Status.CORRECTION
    sign = "+" if correction and entry.charge_nano > 0 else ""
    why = html.Span(entry.reason, className="dim") if correction else None
    return html.Li(
        [
            html.Span(f"#{entry.entry}", className="dim figures"),
            html.Span(
                [
                    html.Span("Corrected by" if correction else f"First end: {look_of(entry)[2]}"),
                    why,
                ],
                className="two-words",
            ),
            html.Span(
                [
                    html.B([sign, formats.money_exact(entry.charge_nano)], className="figures"),
                    html.Span(
                        f"{formats.moment(entry.posted_ms, zone)}", className="two-below figures"
                    ),
                ],
                className="two-words feed-money",
            ),
        ]
    )


def _facts(first: LedgerEntry, zone: ZoneInfo) -> list[tuple[str, Any]]:
    asked, served = first.requested_model, first.served_model
    model = f"{asked} → {served}" if served and served != asked else asked or formats.NONE
    found: list[tuple[str, Any]] = [
        ("Agent", agent_name(first.agent)),
        ("Campaign", first.campaign),
        ("Task", first.task),
        ("Key", first.key),
        ("Model", model),
        ("Endpoint", code(first.endpoint)),
        ("Service tier", first.tier),
        ("Admitted", formats.moment(first.admitted_ms, zone)),
        ("Ended", formats.moment(first.posted_ms, zone)),
    ]
    told: list[tuple[str, Any]] = [
        ("Took", first.latency_ms is not None and formats.duration(first.latency_ms)),
        ("First byte after", first.ttfb_ms is not None and formats.duration(first.ttfb_ms)),
        ("HTTP status", first.http_status and str(first.http_status)),
        ("Refused by", first.rule),
        ("Reason", first.status is Status.REFUSED and formats.words(first.reason or "")),
        ("Calls it stands for", first.count > 1 and formats.integer(first.count)),
        ("Request", first.request_id and code(first.request_id, "the request's id")),
        ("Execution", first.execution_id and code(first.execution_id, "the execution's id")),
        ("Metadata", first.metadata and "kept encrypted, not shown"),
        ("Prices", first.price_version and code(first.price_version)),
    ]
    return found + [(name, value) for name, value in told if value]


def _part(title: str, content: Any) -> Any:
    return html.Section([html.H3(title), content], className="drawer-part")
