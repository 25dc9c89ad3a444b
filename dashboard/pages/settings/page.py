"""The section: one's own account, then lists, redrawn by whatever is done to what they hold."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from config.bounds import PASSWORD_CHARS_MIN
from dashboard import actions
from dashboard.components.basics import key_values
from dashboard.components.cards import columns, panel
from dashboard.components.controls import segmented
from dashboard.components.overlays import button, confirm
from dashboard.components.people import role_badge, roles, theme_cards
from dashboard.context import Context
from dashboard.pages.settings.deeds import Done, add_user, change_own_password, deed_of, do
from dashboard.pages.settings.lists import lists
from dashboard.services import Services
from storage.keys import By

THEMES: Final = (
    ("system", "System", "as your computer says"),
    ("dark", "Dark", "deep space"),
    ("light", "Light", "for bright rooms"),
    ("contrast", "High contrast", "black and white, strong lines"),
)
MAY: Final = (
    ("See every section, search, filter, export", True, True),
    ("Change their own password, end their own sessions", True, True),
    ("Save views for themselves", True, True),
    ("Share views with everybody", False, True),
    ("Set limits, freeze and thaw", False, True),
    ("Pause and complete campaigns, set their budget and revenue", False, True),
    ("Make, rotate and revoke keys", False, True),
    ("Add, disable and promote users, end their sessions", False, True),
)


async def layout(context: Context) -> Any:
    """The whole section."""
    return [
        dcc.Store("settings-asked"),
        columns([_account(context), _looks()]),
        *([_add()] if context.may_change else []),
        html.Div(await lists(context.services), id="settings-lists", className="stack"),
        panel("Roles", roles(MAY), tone="purple", note="what each may"),
        _question(),
    ]


def _account(context: Context) -> html.Section:
    fields = [
        dmc.PasswordInput(id=f"settings-{name}", label=label, value="", autoComplete=fill)
        for name, label, fill in (
            ("old", "Password you have now", "current-password"),
            ("new", f"New password, at least {PASSWORD_CHARS_MIN} characters", "new-password"),
            ("again", "New password again", "new-password"),
        )
    ]
    told = key_values(
        [
            ("Name", html.B(context.session.user)),
            ("Role", role_badge(context.session.role)),
        ]
    )
    change = html.Div(
        [*fields, html.Div(button("Change password", id="settings-change", kind="main"))],
        className="settings-form",
    )
    return panel("You", [told, change], tone="cyan")


def _looks() -> html.Section:
    text = html.P("Kept in this browser. The key T goes from one to the next.", className="dim")
    return panel("Theme", html.Div([theme_cards(THEMES), text], className="stack"), tone="cyan")


def _add() -> html.Section:
    form = html.Div(
        [
            dmc.TextInput(id="settings-name", label="Name", value="", placeholder="ada"),
            segmented(
                [("viewer", "Viewer"), ("admin", "Admin")],
                id="settings-role",
                value="viewer",
                label="Role",
            ),
            button("Add user", id="settings-add", kind="main", icon_name="add"),
        ],
        className="settings-add",
    )
    return panel("Add a user", form, tone="purple", note="a password is made, and shown once")


def _question() -> Any:
    entry = html.Div(
        dmc.TextInput(id="settings-entry", label="New name", value=""),
        id="settings-entry-frame",
        hidden=True,
    )
    return confirm(
        "",
        [html.P(id="settings-ask-text"), entry],
        id="settings-ask",
        yes_id="settings-yes",
        no_id="settings-no",
        yes="",
    )


def register(app: Dash, services: Services) -> None:
    """Questions, deeds, passwords and new users."""
    _register_questions(app, services)

    @app.callback(
        Output("settings-lists", "children"),
        Output("settings-ask", "opened"),
        Input("settings-yes", "n_clicks"),
        State("settings-asked", "data"),
        State("settings-entry", "value"),
        prevent_initial_call=True,
    )
    async def yes(clicks: Any, asked: Any, entry: Any) -> Any:
        told = asked if isinstance(asked, dict) else {}
        done = await do(services, clicks, told.get("what"), told.get("of"), entry)
        return await lists(services, done), False

    @app.callback(
        Output("settings-ask", "opened", allow_duplicate=True),
        Input("settings-no", "n_clicks"),
        prevent_initial_call=True,
    )
    async def no(_clicks: Any) -> Any:
        return False

    @app.callback(
        Output("settings-lists", "children", allow_duplicate=True),
        Output("settings-name", "value"),
        Input("settings-add", "n_clicks"),
        State("settings-name", "value"),
        State("settings-role", "value"),
        prevent_initial_call=True,
    )
    async def add(clicks: Any, name: Any, role: Any) -> Any:
        done: list[Done] = []

        async def work(by: By) -> str:
            done.append(await add_user(services, name, role, by))
            return done[0].says

        await actions.change(clicks, work)
        return await lists(services, done[0]), ""

    @app.callback(
        Output("settings-lists", "children", allow_duplicate=True),
        Output("settings-old", "value"),
        Output("settings-new", "value"),
        Output("settings-again", "value"),
        Input("settings-change", "n_clicks"),
        State("settings-old", "value"),
        State("settings-new", "value"),
        State("settings-again", "value"),
        prevent_initial_call=True,
    )
    async def change(clicks: Any, old: Any, new: Any, again: Any) -> Any:
        async def work(by: By) -> str:
            return await change_own_password(services, old, new, again, by)

        await actions.own(clicks, work)
        return await lists(services), "", "", ""


def _register_questions(app: Dash, services: Services) -> None:
    @app.callback(
        Output("settings-ask", "opened", allow_duplicate=True),
        Output("settings-ask", "title"),
        Output("settings-ask-text", "children"),
        Output("settings-yes", "children"),
        Output("settings-yes", "className"),
        Output("settings-entry-frame", "hidden"),
        Output("settings-asked", "data"),
        Output("settings-lists", "children", allow_duplicate=True),
        Input({"type": "settings-do", "what": ALL, "of": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def asked(_clicks: Any) -> Any:
        which, clicks = ctx.triggered_id, ctx.triggered[0]["value"] if ctx.triggered else None
        actions.clicked(clicks)
        if not isinstance(which, dict):
            raise PreventUpdate
        what, deed, of = deed_of(which.get("what"), which.get("of"))
        if not deed.own:
            actions.require_admin()
        if not deed.asks:
            done = await do(services, clicks, what, of)
            return *[no_update] * 7, await lists(services, done)
        yes = html.Span(deed.yes.replace("{}", of))
        return (
            True,
            f"{deed.yes.replace('{}', of)}?",
            deed.asks.replace("{}", of),
            yes,
            "button danger" if deed.dangerous else "button main",
            not deed.entry,
            {"what": what, "of": of},
            no_update,
        )
