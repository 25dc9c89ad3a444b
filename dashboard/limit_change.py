"""What a limit's form does: says what a limit would mean, sets it, lifts it, tells of a clash."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from budget.errors import NotAllowed
from dashboard import actions, formats
from dashboard.books import books
from dashboard.components.limit_form import FormIds
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

    @app.callback(
        Output(f"{desk.section}-drawer", "children", allow_duplicate=True),
        Output(f"{desk.section}-body", "children", allow_duplicate=True),
        Input(ids.of("save"), "n_clicks"),
        Input(ids.of("lift"), "n_clicks", allow_optional=True),
        State(ids.of("amount"), "value"),
        State(ids.of("span"), "value"),
        State(ids.of("reason"), "value"),
        State(ids.of("about"), "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def save(
        saved: Any, lifted: Any, amount: Any, span: Any, reason: Any, about: Any, search: Any
    ) -> Any:
        lifts = ctx.triggered_id == ids.of("lift")
        name, version = known(about)

        async def work(by: By) -> str:
            limit = None if lifts else actions.dollars(amount, "The limit")
            only = not lifts and actions.one_of(span, "How long it binds", SPANS) == "window"
            await desk.save(NewLimit(name, limit, only, version, by))
            told = "no override of its own" if limit is None else formats.money(limit)
            return f"{name}: {told}. It binds the next call."

        try:
            await actions.change(lifted if lifts else saved, work, reason=reason)
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
