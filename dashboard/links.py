"""Links within the panel: to another view where one stands, and to what opens over a view.

`assets/panel.js` follows both without loading or scrolling anything; without it, and in a new
tab, they are plain links.
"""

from typing import Any

from dash import html

Children = Any


def stay(children: Children, href: str, **attributes: Any) -> html.A:
    """A link to a view of the same section: the page is drawn anew and stays where it is."""
    return html.A(children, href=href, **{"data-stay": "", **attributes})


def opens(children: Children, href: str, *, section: str, name: str, **attributes: Any) -> html.A:
    """A link that opens `name` in the section's drawer; `href` is the address of that."""
    return html.A(children, href=href, **{"data-drawer": section, "data-open": name, **attributes})
