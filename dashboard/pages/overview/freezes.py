"""Turning the freeze: asked about first, bound everywhere at once, audited."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, set_props

from dashboard import actions
from dashboard.components.overlays import confirm
from dashboard.pages.overview.freezing import (
    ASK,
    BOX,
    DONE,
    NO,
    SWITCH,
    WANTED,
    YES,
    Freeze,
    freeze_of,
    switch,
)
from dashboard.pages.overview.live import SEEN, catch_up
from dashboard.services import Services
from storage.freeze import set_frozen
from storage.glance import glance
from storage.keys import By

REASON: Final = "overview-freeze-reason"
CLOSE: Final = "function (n) { return n ? false : window.dash_clientside.no_update; }"


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
        # Somebody else may have turned it since this page was drawn.
        set_props(BOX, {"children": switch(frozen)})
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
        State(SEEN, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def turn(clicks: Any, wanted: Any, reason: Any, seen: Any, search: Any) -> Any:
        async def work(by: By) -> str:
            frozen = actions.one_of(wanted, "what to do", ("freeze", "thaw")) == "freeze"
            turned = await set_frozen(services.link, by.who, by.place, by.reason, frozen=frozen)
            if not turned:
                return f"It was {'frozen' if frozen else 'thawed'} already."
            return "All spending is frozen." if frozen else "Calls pass again."

        await actions.change(clicks, work, reason=reason)
        await catch_up(services, search, seen)
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


async def frozen_now(services: Services) -> Freeze | None:
    """Who stopped all spending, as Redis has it; raises `StorageError` while Redis is away."""
    return freeze_of((await glance(services.link)).frozen)
