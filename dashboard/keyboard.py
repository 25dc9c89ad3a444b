"""The keyboard map: what keys do, told in a dialog behind `?`; `assets/panel.js` acts on them.

Everything that a key does can be done without it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from dash import html

from dashboard.aria import aria
from dashboard.components.basics import shortcuts
from dashboard.icons import icon

DIALOG: Final = "keyboard"
GO: Final[Mapping[str, str]] = {
    "o": "overview",
    "a": "agents",
    "c": "campaigns",
    "b": "rules",
    "t": "transactions",
    "r": "rates",
    "l": "alerts",
    "k": "keys",
    "u": "audit",
    "h": "health",
    "s": "settings",
}
"""After `g`, the letter of each section."""
ACTS: Final = (
    (("?",), "This map"),
    (("/",), "Search, or filter"),
    (("p",), "Pause and resume live figures"),
    (("[",), "The period before"),
    (("]",), "The period after"),
    (("v",), "Saved views"),
    (("t",), "Next theme"),
    (("Esc",), "Close what is open"),
)


def dialog(titles: Mapping[str, str]) -> Any:
    """The map itself; `titles` are the names of sections by their slugs."""
    sections = [(("g", key), titles[slug]) for key, slug in GO.items() if slug in titles]
    return html.Dialog(
        [
            html.Header(
                [
                    html.H2("Keyboard"),
                    html.Button(
                        icon("close"),
                        className="button quiet icon-button",
                        title="Close",
                        **{"data-close": DIALOG},
                        **aria(label="Close"),
                    ),
                ]
            ),
            html.Div([shortcuts(ACTS), shortcuts(sections)], className="keyboard-map"),
            html.P("Keys do nothing while you type in a field.", className="dim"),
        ],
        id=DIALOG,
        className="dialog",
        **{"data-go": json.dumps(GO, separators=(",", ":"))},
        **aria(label="Keyboard"),
    )


def opener() -> Any:
    """The way to it without a key: an entry of the user's menu."""
    return html.Button(
        [icon("help"), "Keyboard map", html.Kbd("?")],
        className="menu-button",
        **{"data-open-dialog": DIALOG},
    )
