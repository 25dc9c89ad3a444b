"""The budget's controls: what a limit would do, and setting it with a reason and a way back."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, dcc, html, set_props
from dash.exceptions import PreventUpdate

from budget.overrides import Wanted
from config.rules import Window
from dashboard import actions, formats
from dashboard.books import books
from dashboard.components.basics import Tone, status_badge
from dashboard.components.cards import panel
from dashboard.components.controls import LimitIds, limit_control
from dashboard.components.overlays import confirm
from dashboard.components.states import note
from dashboard.components.threshold_form import thresholds
from dashboard.context import who
from dashboard.errors import Invalid
from dashboard.pages.overview.figures import Read
from dashboard.pages.overview.freezing import freezing
from dashboard.pages.overview.live import SEEN, catch_up
from dashboard.pages.overview.look import BAR, look, view_of_address
from dashboard.pages.overview.undoing import last_change, undone
from dashboard.pages.overview.words import (
    limit_of,
    origin,
    status,
    window_words,
    zone,
)
from dashboard.services import Services
from insights.limit_preview import LimitPreview, limit_preview
from insights.rules import RuleRow, primary_row
from storage import months
from storage.errors import Conflict
from storage.keys import By

IDS: Final = LimitIds(
    slider="overview-limit-slider",
    number="overview-limit-number",
    reason="overview-limit-reason",
    save="overview-limit-save",
    undo="overview-limit-undo",
    scope="overview-limit-scope",
    preview="overview-limit-preview",
    origin="overview-limit-origin",
    bar=BAR,
)
BOX: Final = "overview-limit"
VERSION: Final = "overview-limit-version"
WANTED: Final = "overview-limit-wanted"
ASK: Final = "overview-limit-ask"
ASKED: Final = "overview-limit-asked"
YES: Final = "overview-limit-yes"
NO: Final = "overview-limit-no"
UNDONE: Final = "overview-limit-undone"
TONES: Final[dict[str, Tone]] = {"green": "green", "yellow": "amber", "red": "red"}

HANDS: Final = """function (slid, typed) {
  var which = window.dash_clientside.callback_context.triggered_id;
  var keep = window.dash_clientside.no_update;
  var thumb = document.querySelector('#overview-limit-slider [role=slider]');
  var low = Number(thumb.getAttribute('aria-valuemin'));
  var high = Number(thumb.getAttribute('aria-valuemax'));
  var written = typeof typed === 'string' ? parseFloat(typed.replace(/[$,]/g, '')) : typed;
  var rest = Math.min(Math.max(written, low), high);
  if (slid === rest) return [keep, keep];
  if (which === 'overview-limit-slider') return [keep, slid];
  return [typeof written === 'number' && isFinite(rest) ? rest : keep, keep];
}"""
SETTLED: Final = """async function (typed) {
  var turn = window.purserTurn = (window.purserTurn || 0) + 1;
  await new Promise(function (go) { setTimeout(go, 220); });
  return turn === window.purserTurn ? typed : window.dash_clientside.no_update;
}"""
CLOSE: Final = "function (n) { return n ? false : window.dash_clientside.no_update; }"
"""The slider and the field follow each other in the browser; the server hears where they rest."""


def limit_panel(read: Read, *, may_change: bool) -> Any:
    """The panel beside the chart; None without a primary rule."""
    if read.row is None:
        return None
    inside = html.Div(_inside(read, may_change=may_change), id=BOX)
    badge = html.Span(status_badge(status(read)), id="overview-limit-status")
    return panel("Budget", inside, badge, tone="purple")


def _inside(read: Read, *, may_change: bool) -> list[Any]:
    row = read.row
    assert row is not None
    alerts = thresholds("overview", row, zone(read), may_change=may_change)
    tools = [alerts, *([freezing(read.frozen)] if may_change else [])]
    ahead = read.overview.projection
    left = formats.money(row.limit_nano - row.posted_nano - row.held_nano)
    words = f"{left} left at {formats.money(row.limit_nano)}."
    if ahead is not None and ahead.runs_out_ms is None:
        words += " Expected to last."
    elif ahead is not None:
        words += f" Expected to run out on {formats.day(ahead.runs_out_ms or 0, zone(read))}."
    view = limit_of(read, may_change=may_change)
    tool_box = html.Div(tools, className="limit")
    control = limit_control(view, IDS, consequence=words, tone="cyan", tools=tool_box)
    if not may_change or row.locked:
        return [control]
    return [
        control,
        dcc.Store(VERSION, data=row.source.version),
        dcc.Store(WANTED),
        dcc.Store(ASKED),
        dcc.Store(UNDONE),
        confirm("Set the limit?", "", id=ASK, yes_id=YES, no_id=NO, yes="Set limit"),
    ]


def register(app: Dash, services: Services) -> None:
    """What the controls do."""
    app.clientside_callback(
        HANDS,
        Output(IDS.slider, "value"),
        Output(IDS.number, "value"),
        Input(IDS.slider, "value"),
        Input(IDS.number, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        SETTLED, Output(WANTED, "data"), Input(IDS.number, "value"), prevent_initial_call=True
    )
    app.clientside_callback(
        CLOSE, Output(ASK, "opened", allow_duplicate=True), Input(NO, "n_clicks"),
        prevent_initial_call=True,
    )  # fmt: skip
    _register_looks(app, services)
    _register_changes(app, services)


def _register_looks(app: Dash, services: Services) -> None:
    @app.callback(Output(IDS.preview, "children"), Input(WANTED, "data"), prevent_initial_call=True)
    async def preview(wanted: Any) -> Any:
        if wanted is None:
            raise PreventUpdate
        try:
            found = await _preview(services, wanted)
        except Invalid as error:
            return note(str(error), "amber", "warning")
        return note(found.sentence, TONES[found.tone], "forecast")

    @app.callback(
        Output(ASK, "opened"),
        Output(ASK, "title"),
        Output(ASK, "children"),
        Output(ASKED, "data"),
        Input(IDS.save, "n_clicks"),
        State(IDS.number, "value"),
        State(IDS.scope, "value"),
        prevent_initial_call=True,
    )
    async def ask(clicks: Any, amount: Any, scope: Any) -> Any:
        actions.clicked(clicks)
        actions.require_admin()
        found = await _preview(services, amount)
        row = await _row(services)
        until = _until(row, scope, services)
        to = formats.money(found.limit_nano)
        way = "Raise" if found.limit_nano >= row.limit_nano else "Lower"
        body = confirm(
            "", [html.P([f"From {formats.money(row.limit_nano)} to ", html.B(to), f", {until}."]),
                 html.P(found.sentence)],
            id="unused", yes_id=YES, no_id=NO, yes=f"Set to {to}", dangerous=found.refuses_now,
        ).children  # fmt: skip
        return True, f"{way} the limit of {row.rule.name}?", body, amount


def _register_changes(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ASK, "opened", allow_duplicate=True),
        Input(YES, "n_clicks"),
        State(ASKED, "data"),
        State(IDS.scope, "value"),
        State(IDS.reason, "value"),
        State(VERSION, "data"),
        State(SEEN, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def save(
        clicks: Any, amount: Any, scope: Any, reason: Any, version: Any, *page: Any
    ) -> Any:
        async def work(by: By) -> str:
            row = await _row(services)
            limit = amount_of(amount)
            _check_version(version)
            at_ms = row.window.start_ms if _scope(scope) == "window" else None
            wanted = Wanted(row.rule, limit, at_ms, by.who, by.place, by.reason, (), version)
            await _set(services, row, wanted)
            until = _until(row, scope, services)
            return f"The limit of {row.rule.name} is {formats.money(limit)}, {until}."

        await _changed(services, page, clicks, work, reason)
        return False

    @app.callback(
        Output(UNDONE, "data"),
        Input(IDS.undo, "n_clicks"),
        State(VERSION, "data"),
        State(SEEN, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def undo(clicks: Any, version: Any, *page: Any) -> Any:
        async def work(by: By) -> str:
            row = await _row(services)
            _check_version(version)
            for wanted in await undone(services.ledger, row, by, version):
                await _set(services, row, wanted)
            now = await _row(services)
            return f"The limit of {row.rule.name} is {formats.money(now.limit_nano)} again."

        await _changed(services, page, clicks, work, "")
        return clicks


async def _changed(
    services: Services,
    page: tuple[Any, ...],
    clicks: Any,
    work: Callable[[By], Awaitable[str]],
    reason: Any,
) -> None:
    """Make a change, then show how the limit stands: also after a clash, which needs a new look."""
    actions.clicked(clicks)
    try:
        await actions.change(clicks, work, reason=reason)
    finally:
        seen, search = page
        await catch_up(services, search, seen)
        found = (await look(services, view_of_address(search))).figures.read
        if found.row is not None:
            may_change = who().role == "admin"
            set_props(BOX, {"children": _inside(found, may_change=may_change)})


async def _set(services: Services, row: RuleRow, wanted: Wanted) -> None:
    """Set it; raises `Invalid` that tells what somebody else has changed meanwhile."""
    try:
        await services.limits.set(wanted)
    except Conflict:
        made = await last_change(services.ledger, row.rule)
        now = await _row(services)
        raise Invalid(
            f"{made.who if made else 'Somebody'} has changed it meanwhile: it is "
            f"{formats.money(now.limit_nano)} ({origin(now, _zone(services))}). "
            "Look at it, then set yours again."
        ) from None
    if row.rule.window is Window.MONTH:
        now = await _row(services)
        month = f"{formats.local(row.window.start_ms, _zone(services)):%Y-%m}"
        await months.note(services.ledger, month, now.limit_nano, row.alerting.at_mille)


async def _row(services: Services) -> RuleRow:
    row = await primary_row(books(services))
    if row is None:
        raise Invalid("no primary budget is configured: name one in budgets.primary.")
    return row


async def _preview(services: Services, wanted: Any) -> LimitPreview:
    row = await _row(services)
    return await limit_preview(books(services), row, amount_of(wanted))


def amount_of(given: Any) -> int:
    """Nano-dollars above nothing; raises `Invalid`."""
    nano = actions.dollars(given, "The limit")
    if not nano:
        raise Invalid("The limit is more than $0: to stop every call, freeze spending.")
    return nano


def _check_version(given: Any) -> None:
    if isinstance(given, bool) or not isinstance(given, int):
        raise Invalid("the version of the limit that you saw is missing: load the page again.")


def _scope(given: Any) -> str:
    return actions.one_of(given, "how long it holds", ("window", "always"))


def _until(row: RuleRow, scope: Any, services: Services) -> str:
    if _scope(scope) == "always":
        return "until changed"
    return f"for {window_words(row.rule, row.window, _zone(services))}"


def _zone(services: Services) -> ZoneInfo:
    return ZoneInfo(services.current().settings.budgets.timezone)
