"""The switch that stops all spending: asked about first, bound everywhere at once, audited."""

from dataclasses import dataclass
from typing import Final

import orjson
from dash import dcc, html

from dashboard.components.controls import freeze_control
from dashboard.components.overlays import confirm

SWITCH: Final = "overview-freeze"
BOX: Final = "overview-freeze-box"
ASK: Final = "overview-freeze-ask"
YES: Final = "overview-freeze-yes"
NO: Final = "overview-freeze-no"
WANTED: Final = "overview-freeze-wanted"
DONE: Final = "overview-freeze-done"


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


def freeze_of(said: str) -> Freeze | None:
    """The same from what Redis holds."""
    if not said:
        return None
    told = orjson.loads(said)
    return Freeze(str(told.get("who", "")), str(told.get("reason", "")))
