"""What lies over a page: the drawer, the question before a change, the toast, and tabs in it."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.aria import aria
from dashboard.components.basics import Children, Tone
from dashboard.icons import icon


def drawer(title: Children, children: Children, *, id: Any, opened: bool = False) -> dmc.Drawer:  # noqa: A002
    """Details at the right edge; Escape or the button closes it."""
    return dmc.Drawer(
        children,
        id=id,
        title=title,
        opened=opened,
        position="right",
        size="min(560px, 100vw)",
        closeButtonProps={"aria-label": "Close"},
        overlayProps={"backgroundOpacity": 0.55},
        className="drawer",
        classNames={
            "content": "drawer-content",
            "header": "drawer-header",
            "title": "drawer-title",
        },
    )


def confirm(
    title: str,
    consequence: Children,
    *,
    id: Any,  # noqa: A002
    yes_id: Any,
    no_id: Any,
    yes: str,
    no: str = "Cancel",
    dangerous: bool = False,
    opened: bool = False,
) -> dmc.Modal:
    """Asks before a change: what it does, and a button that says so rather than OK."""
    return dmc.Modal(
        [
            html.Div(consequence, className="confirm-text"),
            html.Div(
                [
                    button(no, id=no_id, kind="quiet"),
                    button(yes, id=yes_id, kind="danger" if dangerous else "main"),
                ],
                className="actions actions-end",
            ),
        ],
        id=id,
        title=title,
        opened=opened,
        centered=True,
        size="440px",
        closeButtonProps={"aria-label": "Close"},
        classNames={
            "content": "drawer-content",
            "header": "drawer-header",
            "title": "drawer-title",
        },
    )


def toast(
    title: str, message: Children = "", tone: Tone = "green", undo_id: Any | None = None
) -> html.Div:
    """What has just happened, for a few seconds; with `undo_id`, the way back."""
    name = {"green": "ok", "red": "danger", "amber": "warning"}.get(tone, "info")
    undo = [button("Undo", id=undo_id, kind="quiet", icon_name="undo")] if undo_id else []
    return html.Div(
        [
            icon(name),
            html.Div([html.B(title), html.Div(message, className="dim") if message else None]),
            *undo,
        ],
        className=f"toast tone-{tone}",
        role="alert" if tone == "red" else "status",
    )


def button(
    text: str,
    *,
    id: Any,  # noqa: A002
    kind: str = "plain",
    icon_name: str | None = None,
    disabled: bool = False,
) -> html.Button:
    """A button: `main` (one a part), `plain`, `quiet` or `danger`."""
    mark = [icon(icon_name)] if icon_name else []
    return html.Button(
        [*mark, html.Span(text)], id=id, className=f"button {kind}", disabled=disabled or None
    )


def icon_button(name: str, label: str, *, id: Any) -> html.Button:  # noqa: A002
    """A button with an icon alone; its label is its name and its title."""
    return html.Button(
        icon(name),
        id=id,
        className="button quiet icon-button",
        title=label,
        **aria(label=label),
    )


def tabs(items: Sequence[tuple[str, str, Children]], *, id: Any, value: str) -> dmc.Tabs:  # noqa: A002
    """Parts of which one shows: (value, label, content)."""
    return dmc.Tabs(
        [
            dmc.TabsList([dmc.TabsTab(label, value=key) for key, label, _ in items]),
            *(dmc.TabsPanel(content, value=key) for key, _, content in items),
        ],
        id=id,
        value=value,
        keepMounted=False,
        className="tabs",
    )
