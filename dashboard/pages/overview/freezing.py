"""The switch that stops all spending: asked about first, bound everywhere at once, audited."""

from dataclasses import dataclass
from typing import Any, Final

import dash_mantine_components as dmc
import orjson
from dash import Dash, Input, Output, State, dcc, html, set_props

from dashboard import actions
from dashboard.components.controls import freeze_control
from dashboard.components.overlays import confirm
from dashboard.services import Services
from storage.freeze import set_frozen
from storage.glance import glance
from storage.keys import By

SWITCH: Final = "overview-freeze"
BOX: Final = "overview-freeze-box"
ASK: Final = "overview-freeze-ask"
YES: Final = "overview-freeze-yes"
NO: Final = "overview-freeze-no"
REASON: Final = "overview-freeze-reason"
WANTED: Final = "overview-freeze-wanted"
DONE: Final = "overview-freeze-done"
CLOSE: Final = "function (n) { return n ? false : window.dash_clientside.no_update; }"


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who stopped all spending, and why."""

    who: str
    reason: str


def freezing(frozen: Freeze | None) -> html.Div:
    """The switch with its question, for who may use it."""
    return html.Div(
        [
            html.Div(switch(frozen), id=BOX),
            dcc.Store(WANTED),
            dcc.Store(DONE),
            confirm("", "", id=ASK, yes_id=YES, no_id=NO, yes="Yes", dangerous=True),
        ]
    )


def switch(frozen: Freeze | None) -> html.Div:
    """How it stands, and the button that turns it."""
    since = f"By {frozen.who}{': ' + frozen.reason if frozen.reason else ''}." if frozen else ""
    return freeze_control(frozen is not None, id=SWITCH, since=since)


async def frozen_now(services: Services) -> Freeze | None:
    """Who stopped all spending, as Redis has it; raises `StorageError` while Redis is away."""
    return freeze_of((await glance(services.link)).frozen)


def freeze_of(said: str) -> Freeze | None:
    """The same from what Redis holds."""
    if not said:
        return None
    told = orjson.loads(said)
    return Freeze(str(told.get("who", "")), str(told.get("reason", "")))


def register(app: Dash, services: Services) -> None:
    """Ask, then turn it."""
    app.clientside_callback(
        CLOSE, Output(ASK, "opened", allow_duplicate=True), Input(NO, "n_clicks"),
        prevent_initial_call=True,
    )  # fmt: skip

    @app.callback(
        Output(ASK, "opened"),
        Output(ASK, "title"),
        Output(ASK, "children"),
        Output(WANTED, "data"),
        Input(SWITCH, "n_clicks"),
        prevent_initial_call=True,
    )
    async def ask(clicks: Any) -> Any:
        actions.clicked(clicks)
        actions.require_admin()
        frozen = await frozen_now(services)
        if frozen is None:
            return True, "Freeze all spending?", _question(
                "Every metered call is refused from the next one on, in every process, until "
                "someone thaws. Calls in flight end as they would.",
                "Freeze spending", dangerous=True,
            ), "freeze"  # fmt: skip
        return True, "Thaw?", _question(
            f"Frozen by {frozen.who}. Calls pass again at once, as far as budgets allow.", "Thaw"
        ), "thaw"  # fmt: skip

    @app.callback(
        Output(ASK, "opened", allow_duplicate=True),
        Output(DONE, "data"),
        Input(YES, "n_clicks"),
        State(WANTED, "data"),
        State(REASON, "value"),
        prevent_initial_call=True,
    )
    async def turn(clicks: Any, wanted: Any, reason: Any) -> Any:
        async def work(by: By) -> str:
            frozen = actions.one_of(wanted, "what to do", ("freeze", "thaw")) == "freeze"
            turned = await set_frozen(services.link, by.who, by.place, by.reason, frozen=frozen)
            if not turned:
                return f"It was {'frozen' if frozen else 'thawed'} already."
            return "All spending is frozen." if frozen else "Calls pass again."

        await actions.change(clicks, work, reason=reason)
        services.shared.drop()
        set_props(BOX, {"children": switch(await frozen_now(services))})
        return False, clicks


def _question(words: str, yes: str, *, dangerous: bool = False) -> Any:
    return confirm(
        "",
        [
            html.P(words),
            dmc.TextInput(id=REASON, label="Reason", placeholder="kept in the audit log"),
        ],
        id="unused",
        yes_id=YES,
        no_id=NO,
        yes=yes,
        dangerous=dangerous,
    ).children
