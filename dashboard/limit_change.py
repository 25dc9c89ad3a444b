"""What the form of a limit does: says what it would mean, asks, sets, lifts, tells of a clash."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, State, ctx, dcc, html, no_update, set_props
from dash.exceptions import PreventUpdate

from budget.errors import NotAllowed
from dashboard import actions, formats
from dashboard.books import books
from dashboard.components.limit_form import FormIds
from dashboard.components.overlays import confirm
from dashboard.components.states import note
from dashboard.errors import Invalid, toast
from dashboard.services import Services
from dashboard.state import opened_name
from insights.books import Books
from insights.limit_preview import limit_preview
from insights.rules import RuleRow
from storage.errors import Conflict
from storage.keys import By

SPANS = ("window", "always")
CLOSE = "function (n) { return n ? false : window.dash_clientside.no_update; }"


@dataclass(frozen=True, slots=True)
class NewLimit:
    """A limit as it was entered. `limit_nano` None removes the override."""

    name: str
    limit_nano: int | None
    window_only: bool
    expected_version: int
    by: By


@dataclass(frozen=True, slots=True)
class Desk:
    """What a section brings: the row of a name, how a limit of it is set, and what to draw after.

    `redraw` makes what the drawer holds and what the page shows below it.
    """

    section: str
    find: Callable[[Books, str], Awaitable[RuleRow | None]]
    save: Callable[[NewLimit], Awaitable[None]]
    redraw: Callable[[str, str], Awaitable[tuple[Any, Any]]]


def register(app: Dash, services: Services, desk: Desk) -> None:
    """The callbacks of the section's form."""
    ids = FormIds(desk.section)

    @app.callback(
        Output(ids.of("preview"), "children"),
        Input(ids.of("amount"), "value"),
        State(ids.of("about"), "data"),
    )
    async def preview(amount: Any, about: Any) -> Any:
        name, _version = known(about)
        try:
            limit = actions.dollars(amount, "The limit")
        except Invalid as error:
            return note(str(error), "amber", "warning")
        now = books(services)
        row = await desk.find(now, name)
        return None if row is None else await consequence(now, row, limit)

    _ask(app, services, desk)
    _save(app, services, desk)
    app.clientside_callback(
        CLOSE,
        Output(_asking(desk.section), "opened", allow_duplicate=True),
        Input(_asking(desk.section, "no"), "n_clicks"),
        prevent_initial_call=True,
    )


def question(section: str) -> list[Any]:
    """The question before a limit changes, on the page of the section; what is asked stands in
    its store."""
    asked = confirm(
        "",
        "",
        id=_asking(section),
        yes_id=_asking(section, "yes"),
        no_id=_asking(section, "no"),
        # Filled with what it does when it is asked: until then nobody may read of setting limits.
        yes="",
    )
    return [dcc.Store(_asking(section, "of")), asked]


def _asking(section: str, part: str = "") -> str:
    return f"{section}-limit-ask{'-' if part else ''}{part}"


def _ask(app: Dash, services: Services, desk: Desk) -> None:
    ids = FormIds(desk.section)

    @app.callback(
        Output(_asking(desk.section), "opened"),
        Output(_asking(desk.section), "title"),
        Output(_asking(desk.section), "children"),
        Output(_asking(desk.section, "of"), "data"),
        Input(ids.of("save"), "n_clicks"),
        Input(ids.of("lift"), "n_clicks", allow_optional=True),
        State(ids.of("amount"), "value"),
        State(ids.of("span"), "value"),
        State(ids.of("reason"), "value"),
        State(ids.of("about"), "data"),
        prevent_initial_call=True,
    )
    async def ask(saved: Any, lifted: Any, amount: Any, span: Any, reason: Any, about: Any) -> Any:
        lifts = ctx.triggered_id == ids.of("lift")
        actions.clicked(lifted if lifts else saved)
        actions.require_admin()
        name, version = known(about)
        now = books(services)
        row = await desk.find(now, name)
        if row is None:
            raise Invalid("There is no such budget any more.")
        given = {"name": name, "version": version, "reason": reason}
        if lifts:
            title, body = f"Remove the override of {name}?", _lifting(desk.section, row)
            return True, title, body, {**given, "amount": None, "span": "always"}
        limit = actions.dollars(amount, "The limit")
        actions.one_of(span, "How long it binds", SPANS)
        way = "Raise" if limit >= row.limit_nano else "Lower"
        body = await _setting(desk.section, now, row, limit, span)
        return True, f"{way} the limit of {name}?", body, {**given, "amount": amount, "span": span}


async def _setting(section: str, now: Books, row: RuleRow, limit: int, span: str) -> Any:
    until = "until changed" if span == "always" else f"for this {row.rule.window.value}"
    to = formats.money_exact(limit)
    words = [
        html.P([f"From {formats.money(row.limit_nano)} to ", html.B(to), f", {until}."]),
        await consequence(now, row, limit),
    ]
    shared = row.rule.each and not row.value
    refuses = not shared and row.posted_nano + row.held_nano >= limit
    return _body(section, words, f"Set to {to}", dangerous=refuses)


def _lifting(section: str, row: RuleRow) -> Any:
    words = [
        html.P(["The limit is ", html.B(formats.money(row.limit_nano)), " now."]),
        html.P("Without the override the next call is bound by what the rule or its file says."),
    ]
    return _body(section, words, "Remove override", dangerous=True)


def _body(section: str, words: Any, yes: str, *, dangerous: bool) -> Any:
    asked = _asking(section, "yes"), _asking(section, "no")
    made = confirm(
        "", words, id="unused", yes_id=asked[0], no_id=asked[1], yes=yes, dangerous=dangerous
    )
    return made.children


def _save(app: Dash, services: Services, desk: Desk) -> None:
    @app.callback(
        Output(f"{desk.section}-drawer", "children", allow_duplicate=True),
        Output(f"{desk.section}-body", "children", allow_duplicate=True),
        Input(_asking(desk.section, "yes"), "n_clicks"),
        State(_asking(desk.section, "of"), "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def save(clicks: Any, asked: Any, search: Any) -> Any:
        actions.clicked(clicks)
        name, version = known(asked)
        amount, span = asked.get("amount"), asked.get("span")

        async def work(by: By) -> str:
            limit = None if amount is None else actions.dollars(amount, "The limit")
            only = actions.one_of(span, "How long it binds", SPANS) == "window"
            await desk.save(NewLimit(name, limit, only, version, by))
            told = "no override of its own" if limit is None else formats.money(limit)
            return f"{name}: {told}. It binds the next call."

        # Whatever becomes of it, it was answered.
        set_props(_asking(desk.section), {"opened": False})
        try:
            await actions.change(clicks, work, reason=asked.get("reason"))
        except Conflict as error:
            toast("Somebody was quicker", f"{error}. What binds now is shown.", "amber")
        except NotAllowed as error:
            raise Invalid(f"{error}.") from error
        services.shared.drop()
        drawn = await desk.redraw(name, search if isinstance(search, str) else "")
        return drawn if drawn[0] is not None else (no_update, drawn[1])


def known(about: Any) -> tuple[str, int]:
    """The name and version that a form is of; a hand-made one that has neither changes nothing."""
    match about:
        case {"name": str(name), "version": int(version)} if opened_name(name):
            return name, version
    raise PreventUpdate


async def consequence(now: Books, row: RuleRow, limit_nano: int) -> Any:
    """What a limit would mean, in a sentence and its tone."""
    if row.rule.each and not row.value:
        dimensions = " and ".join(dimension.value for dimension in row.rule.each)
        text = f"Each {dimensions} without a limit of its own may spend {formats.money(limit_nano)}"
        return note(f"{text} a {row.rule.window.value}.", "cyan", "forecast")
    found = await limit_preview(now, row, limit_nano)
    if found.refuses_now:
        return note(found.sentence, "red", "refused")
    return note(found.sentence, "amber" if found.tone != "green" else "cyan", "forecast")
