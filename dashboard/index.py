"""The one HTML document of the panel, and the policy that it is sent with."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import Dash
from plotly.io.json import to_json_plotly

from dashboard.context import PREFIX
from dashboard.still import Still

NONCE: Final = "0-nonce-of-this-page-0"
"""Stands for the nonce, which is new on each load."""

FIRST: Final = "<!-- what is seen first -->"
"""Stands for the page's picture and its layout."""

FONTS: Final = "\n".join(
    f'<link rel="preload" as="font" type="font/woff2" href="{PREFIX}assets/fonts/{name}.woff2" '
    "crossorigin>"
    for name in ("inter", "space-grotesk")
)
"""Asked for at once, not when the first words want them."""

_SOURCE: Final = re.compile('<script src="([^"]+)"')


class Index(Dash):  # type: ignore[misc]
    """Dash with an index of our own."""

    sheet = ""
    """Where the style sheet is."""

    def interpolate_index(self, **parts: Any) -> str:
        """Put the document together.

        `panel.js` comes first: it gives styles their nonce, and starts Dash's scripts.
        """
        return f"""<!doctype html>
<html lang="en" data-theme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="dark light">
<title>{parts["title"]}</title>
<link rel="icon" type="image/svg+xml" href="{PREFIX}assets/favicon.svg">
<script nonce="{NONCE}" src="{PREFIX}assets/panel.js"></script>
<link rel="stylesheet" href="{self.sheet}">
{FONTS}
{_preloaded(parts["scripts"])}
{parts["css"]}
</head>
<body>
{FIRST}
{parts["app_entry"]}
<footer>
{parts["config"]}
<template id="scripts">
{parts["scripts"]}
{parts["renderer"]}
</template>
</footer>
</body>
</html>"""


@dataclass(frozen=True, slots=True)
class First:
    """What a page begins with: how it looks, and the layout that Dash would ask for next.

    The layout is good for the address `href` alone, without its fragment.
    """

    still: Still
    layout: str
    href: str

    @classmethod
    def of(cls, drawn: Any, href: str) -> "First":
        """Made of what Dash would be given."""
        return cls(Still(drawn), to_json_plotly(drawn), href)

    def text(self, nonce: str) -> str:
        """As it stands in a document."""
        # No text ends the element that it stands in.
        layout = self.layout.replace("<", "\\u003c")
        href = html.escape(self.href)
        return (
            f'<style nonce="{nonce}">{self.still.rules}</style>\n'
            f'<div class="still" inert aria-hidden="true">{self.still.markup}</div>\n'
            f'<script type="application/json" id="first-layout" data-href="{href}">{layout}'
            "</script>"
        )


def _preloaded(scripts: str) -> str:
    """Has the browser fetch scripts that start later."""
    found = _SOURCE.findall(scripts)
    return "\n".join(f'<link rel="preload" as="script" href="{source}">' for source in found)


def document(index: str, nonce: str, first: First | None) -> bytes:
    """The document of one load."""
    begun = first.text(nonce) if first else ""
    return index.replace(NONCE, nonce).replace(FIRST, begun).encode()


def policy(hashes: Sequence[str]) -> str:
    """The Content-Security-Policy of the document, with `NONCE` in it."""
    return (
        "default-src 'none'; "
        f"script-src 'self' {' '.join(hashes)} 'nonce-{NONCE}'; "
        f"style-src-elem 'self' 'nonce-{NONCE}'; style-src-attr 'none'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
