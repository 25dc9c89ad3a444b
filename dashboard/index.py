"""The one HTML document of the panel, and the policy that it is sent with."""

from collections.abc import Sequence
from typing import Any, Final

from dash import Dash

from dashboard.context import PREFIX

NONCE: Final = "0-nonce-of-this-page-0"
"""Stands for the nonce, which is new on each load."""


class Index(Dash):  # type: ignore[misc]
    """Dash with an index of our own."""

    sheet = ""
    """Where the style sheet is."""

    def interpolate_index(self, **parts: Any) -> str:
        """Put the document together. `panel.js` comes first: it gives styles their nonce."""
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
{parts["css"]}
</head>
<body>
{parts["app_entry"]}
<footer>
{parts["config"]}
{parts["scripts"]}
{parts["renderer"]}
</footer>
</body>
</html>"""


def policy(hashes: Sequence[str]) -> str:
    """The Content-Security-Policy of the document, with `NONCE` in it."""
    return (
        "default-src 'none'; "
        f"script-src 'self' {' '.join(hashes)} 'nonce-{NONCE}'; "
        f"style-src-elem 'self' 'nonce-{NONCE}'; style-src-attr 'none'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
