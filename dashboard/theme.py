"""The theme as one style sheet: tokens, parts in their order, icons, and who follows the system.

Parts are separate files to be read and changed on their own; a viewer loads one. The `system`
theme is the light block of the tokens again, under a media query, so it is written once.
"""

import re
from functools import cache
from pathlib import Path

from dashboard.icons import icons_css

ASSETS = Path(__file__).parent / "assets"
THEMES = ("dark", "light", "contrast", "system")
PARTS = (
    "base",
    "layout",
    "glass",
    "text",
    "badge",
    "card",
    "progress",
    "table",
    "chart",
    "form",
    "control",
    "alerts",
    "overlay",
    "states",
    "grid",
    "feed",
    "keys",
    "audit",
    "breakdown",
    "phone",
    "system",
    "overview",
    "people",
)
"""`assets/theme/<part>.css`, in the order in which later rules win."""

_LIGHT = re.compile(r'\[data-theme="light"\]\s*\{(?P<body>[^}]*)\}')


def system_css(tokens: str) -> str:
    """The rules by which `data-theme="system"` is light where the viewer's system is."""
    found = _LIGHT.search(tokens)
    if found is None:
        raise ValueError("the tokens have no light theme")
    return (
        "@media (prefers-color-scheme: light) {\n"
        f':root[data-theme="system"] {{{found["body"]}}}\n}}\n'
    )


@cache
def stylesheet() -> str:
    """The whole theme; addresses of fonts are relative to the assets folder."""
    tokens = (ASSETS / "tokens.css").read_text()
    parts = [(ASSETS / "theme" / f"{part}.css").read_text() for part in PARTS]
    return "\n".join([tokens, system_css(tokens), icons_css(), *parts])
