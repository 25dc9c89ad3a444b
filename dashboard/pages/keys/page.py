"""The section: tables that refresh themselves, and the dialogs that change them."""

import hashlib
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import actions
from dashboard.components.overlays import button
from dashboard.components.states import note
from dashboard.context import Context, who
from dashboard.errors import Invalid
from dashboard.pages.keys import changes, forms
from dashboard.pages.keys.changes import Asked
from dashboard.pages.keys.listing import tables
from dashboard.registry import Page
from dashboard.services import Services
from proxy.local import is_loopback
from storage.published_keys import now_ms

TICK_MS: Final = 10_000
ACTS: Final = ("rotate", "revoke")
_DIALOG: Final = {
    "content": "drawer-content",
    "header": "drawer-header",
    "title": "drawer-title",
}


async def layout(context: Context) -> Any:
    """The keys there are; for admins, what changes them."""
    shown, mark = await _listing(context.services, may_change=context.may_change)
    parts: list[Any] = [
        dcc.Interval({"type": "tick", "page": "keys"}, interval=TICK_MS),
        dcc.Store("keys-mark", data=mark),
        html.Div(_head(context), className="keys-head"),
        html.Div(shown, id="keys-list", className="stack"),
    ]
    if not context.may_change:
        return parts
    return [
        *parts,
        dcc.Store("keys-asked"),
        forms.create_drawer(),
        _dialog("keys-ask", "Rotate or revoke"),
        _dialog("keys-secret", "The new secret", closeOnClickOutside=False),
    ]


def _dialog(name: str, title: str, **more: Any) -> Any:
    return dmc.Modal(
        [],
        id=name,
        title=title,
        centered=True,
        size="560px",
        closeButtonProps={"aria-label": "Close"},
        classNames=_DIALOG,
        **more,
    )


def _head(context: Context) -> list[Any]:
    settings = context.services.current().settings
    is_open = settings.auth.proxy == "auto" and is_loopback(settings.server.host)
    words = (
        "Programs on this machine may call without a key. Any other needs one."
        if is_open
        else "Every call needs a key: only its digest is kept, and revoking one binds at once."
    )
    new = button("New key", id="keys-new", kind="main", icon_name="add")
    return [note(words, "cyan", "keys"), *([new] if context.may_change else [])]


async def _listing(services: Services, *, may_change: bool) -> tuple[list[Any], str]:
    records, now = await services.keys.list(), now_ms()
    mark = "|".join(
        f"{r.id}{r.version}{r.last_used_ms or ''}{r.problem(now) or ''}" for r in records
    )
    return tables(records, now, may_change=may_change), hashlib.sha256(mark.encode()).hexdigest()[
        :16
    ]


def register(app: Dash, services: Services) -> None:
    """The section's callbacks."""
    _register_listing(app, services)
    _register_creation(app, services)
    _register_endings(app, services)

    @app.callback(
        Output("keys-secret", "children"),
        Output("keys-secret", "opened"),
        Input("keys-done", "n_clicks"),
        prevent_initial_call=True,
    )
    async def done(clicks: Any) -> Any:
        actions.clicked(clicks)
        return [], False


def _register_listing(app: Dash, services: Services) -> None:
    @app.callback(
        Output("keys-list", "children"),
        Output("keys-mark", "data"),
        Input({"type": "tick", "page": "keys"}, "n_intervals"),
        Input("keys-ask", "opened"),
        Input("keys-secret", "opened"),
        State("keys-mark", "data"),
        prevent_initial_call=True,
    )
    async def refresh(_n: Any, _asked: Any, _made: Any, mark: Any) -> Any:
        shown, now = await _listing(services, may_change=who().role == "admin")
        if now == mark:
            raise PreventUpdate
        return shown, now


def _register_creation(app: Dash, services: Services) -> None:
    @app.callback(
        Output("keys-drawer", "opened"), Input("keys-new", "n_clicks"), prevent_initial_call=True
    )
    async def ask(clicks: Any) -> Any:
        actions.clicked(clicks)
        return True

    @app.callback(
        Output("keys-for-calls", "hidden"),
        Output("keys-for-admins", "hidden"),
        Input("keys-kind", "value"),
        prevent_initial_call=True,
    )
    async def fitting(kind: Any) -> Any:
        return kind == "admin", kind != "admin"

    fields = ("kind", "name", "role", "agent", "campaign", "models", "endpoints", "life")

    @app.callback(
        Output("keys-secret", "children", allow_duplicate=True),
        Output("keys-secret", "opened", allow_duplicate=True),
        Output("keys-drawer", "opened", allow_duplicate=True),
        Output("keys-name", "value"),
        Input("keys-create", "n_clicks"),
        *(State(f"keys-{name}", "value") for name in fields),
        State("keys-why", "value"),
        State("url", "href"),
        prevent_initial_call=True,
    )
    async def create(clicks: Any, *given: Any) -> Any:
        *values, reason, href = given
        made = await changes.create(services, clicks, Asked(*values), reason)
        shown = forms.secret_shown(
            made.record, made.secret, forms.base_of(href), published=made.published
        )
        return shown, True, False, ""


def _register_endings(app: Dash, services: Services) -> None:
    @app.callback(
        Output("keys-ask", "children"),
        Output("keys-ask", "title"),
        Output("keys-ask", "opened"),
        Output("keys-asked", "data"),
        Input({"type": "keys-act", "act": ALL, "key": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def ask(clicks: Any) -> Any:
        if not any(clicks or ()) or not ctx.triggered_id:
            raise PreventUpdate
        actions.clicked(ctx.triggered[0]["value"])
        actions.require_admin()
        asked = ctx.triggered_id
        act = actions.one_of(asked.get("act"), "what is done", ACTS)
        record = changes.find(await services.keys.list(), asked.get("key"))
        if record is None:
            raise Invalid("there is no such key.")
        seen = {"act": act, "key": record.id, "version": record.version}
        title = f"{act.capitalize()} {record.name}?"
        return forms.question(act, record), title, True, seen

    @app.callback(
        Output("keys-ask", "opened", allow_duplicate=True),
        Input("keys-no", "n_clicks"),
        prevent_initial_call=True,
    )
    async def leave(clicks: Any) -> Any:
        actions.clicked(clicks)
        return False

    @app.callback(
        Output("keys-ask", "opened", allow_duplicate=True),
        Output("keys-secret", "children", allow_duplicate=True),
        Output("keys-secret", "opened", allow_duplicate=True),
        Input("keys-yes", "n_clicks"),
        State("keys-asked", "data"),
        State("keys-overlap", "value"),
        State("keys-reason", "value"),
        State("url", "href"),
        prevent_initial_call=True,
    )
    async def end(clicks: Any, seen: Any, overlap: Any, reason: Any, href: Any) -> Any:
        if isinstance(seen, dict) and seen.get("act") == "revoke":
            await changes.revoke(services, clicks, seen, reason)
            return False, no_update, no_update
        made = await changes.rotate(services, clicks, seen, overlap, reason)
        shown = forms.secret_shown(
            made.record, made.secret, forms.base_of(href), published=made.published
        )
        return False, shown, True


PAGE = Page("keys", "Keys", "keys", layout, register)
