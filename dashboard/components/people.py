"""Who may log in, who is, and what roles may: rows and small pieces of the settings."""

import re
from collections.abc import Sequence
from typing import Any, Final

from dash import html

from dashboard.aria import aria
from dashboard.components.basics import Children, badge
from dashboard.components.tables import Column, data_table
from dashboard.icons import icon

_BROWSERS: Final = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS|HeadlessChrome)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+).*Safari")),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """What a browser says of itself, short: `Firefox 141, Linux`."""
    browser = next(
        (f"{name} {found[1]}" for name, sign in _BROWSERS if (found := sign.search(agent))), ""
    )
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    known = ", ".join(part for part in (browser, system) if part)
    return known or agent[:40] or "unknown"


def small_button(
    text: str,
    *,
    id: Any,  # noqa: A002
    icon_name: str,
    danger: bool = False,
    disabled: str = "",
) -> html.Button:
    """A button in a row; `disabled` says why it is, or is empty."""
    return html.Button(
        [icon(icon_name), html.Span(text)],
        id=id,
        className=f"button small {'danger' if danger else 'quiet'}",
        disabled=bool(disabled) or None,
        title=disabled,
    )


def role_badge(role: str) -> html.Span:
    """A role."""
    admin = role == "admin"
    return badge(role, "purple" if admin else "grey", "audit" if admin else "user")


def roles(
    rows: Sequence[tuple[str, bool, bool]],
) -> html.Div:
    """What each role may: (what, viewer, admin)."""
    columns = (
        Column("what", "May", grow=True),
        Column("viewer", "Viewer"),
        Column("admin", "Admin"),
    )
    drawn: list[dict[str, Children]] = [
        {"what": html.Span(what, className="may"), "viewer": _may(viewer), "admin": _may(admin)}
        for what, viewer, admin in rows
    ]
    return data_table(columns, drawn, caption="What roles may")


def _may(yes: bool) -> html.Span:
    name, tone, text = ("ok", "green", "yes") if yes else ("refused", "grey", "no")
    return html.Span([icon(name, tone=tone), text], className="may-mark")


def theme_cards(themes: Sequence[tuple[str, str, str]]) -> html.Div:
    """Choices of a theme: (value, name, words); `assets/panel.js` acts on them."""
    return html.Div(
        [
            html.Button(
                [
                    html.Span(className=f"swatch swatch-{value}", **aria(hidden="true")),
                    html.Span([html.B(name), html.Span(words, className="dim")]),
                ],
                className="theme-choice theme-card",
                **{"data-choose-theme": value},
            )
            for value, name, words in themes
        ],
        className="theme-cards",
        role="group",
        **aria(label="Theme"),
    )
