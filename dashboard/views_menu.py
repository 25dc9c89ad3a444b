"""Saved views in the bar: where one is under a name, one's own or shown to all.

The menu is filled when it is opened: a look at a section asks nothing of the database for it.
Where the browser is at that moment is what is saved.
"""

from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from config.bounds import NAME_CHARS_MAX
from config.rules import fold
from dashboard import actions
from dashboard.context import PREFIX, who
from dashboard.errors import Invalid, NotAllowed
from dashboard.icons import icon
from dashboard.pages import BY_SLUG
from dashboard.services import Services
from dashboard.state import View, parse
from storage.errors import StorageError
from storage.keys import By
from storage.views import SavedView

NOT_SAVED: Final = frozenset({"settings"})
"""Sections that look alike at every address."""


def menu() -> Any:
    """The button in the bar; what it opens comes when it is clicked."""
    return html.Details(
        [
            html.Summary(
                [icon("save"), html.Span("Views", className="name")],
                id="views-button",
                title="Saved views",
            ),
            html.Div(
                [
                    html.Div(html.P("Loading"), id="views-list", className="views-list"),
                    html.Div(_form(), className="views-form"),
                ],
                className="menu views-menu",
            ),
            dcc.Store("views-here"),
            dcc.Store("views-saved"),
        ],
        className="steps views",
    )


def _form() -> list[Any]:
    return [
        dmc.TextInput(
            id="views-name",
            label="Save what is shown as",
            placeholder="A name",
        ),
        dmc.Checkbox(id="views-shared", label="Everybody sees it", checked=False),
        html.Button("Save view", id="views-save", className="button main"),
    ]


def address_of(view: SavedView) -> str:
    """Where a saved view leads: what it was saved as, as far as it can still be read."""
    return parse(view.section, view.query).href(PREFIX)


def shown_at(path: Any, search: Any) -> View:
    """The view at an address; raises `Invalid` where there is none to save."""
    slug = str(path).removeprefix(PREFIX).strip("/") or "overview"
    if not str(path).startswith(PREFIX) or slug not in BY_SLUG or slug in NOT_SAVED:
        raise Invalid("This section has no view to save: every address shows the same.")
    return parse(slug, search if isinstance(search, str) else "")


async def save(services: Services, by: By, here: Any, name: Any, shared: Any) -> str:
    """Keep where the browser is; returns what was done. Raises `Invalid`, `UserProblem`."""
    if not isinstance(here, dict):
        raise Invalid("Open the menu again, then save.")
    view = shown_at(here.get("path"), here.get("search"))
    called = actions.text(name, "the view's name", NAME_CHARS_MAX)
    if shared is True and who().role != "admin":
        raise NotAllowed("You may keep views for yourself. Ask an admin to share one.")
    await services.views.save(by.who, called, view.section, view.query, shared=shared is True)
    return f"{called} is saved{' for everybody' if shared is True else ''}."


def entries(views: Sequence[SavedView], user: str) -> list[Any]:
    """The links, one's own first."""
    mine = [view for view in views if view.owner == fold(user)]
    others = [view for view in views if view.owner != fold(user)]
    if not views:
        return [html.P("No view is saved yet.")]
    parts: list[Any] = []
    for title, found in (("Yours", mine), ("Shared", others)):
        if found:
            parts.append(html.P(title, className="views-title"))
            parts += [_link(view, shared_by="" if found is mine else view.owner) for view in found]
    parts.append(dcc.Link([icon("edit"), "Rename, share, delete"], href=f"{PREFIX}settings"))
    return parts


def _link(view: SavedView, shared_by: str) -> Any:
    page = BY_SLUG.get(view.section)
    told = page.title if page else view.section
    if shared_by:
        told = f"{told}, by {shared_by}"
    elif view.shared:
        told = f"{told}, shared"
    return dcc.Link(
        [
            icon(page.icon if page else "save"),
            html.Span([html.B(view.name), html.Span(told, className="dim")], className="view-name"),
        ],
        href=address_of(view),
    )


def register(app: Dash, services: Services) -> None:
    """The menu's callbacks."""
    app.clientside_callback(
        ClientsideFunction("purser", "here"),
        Output("views-here", "data"),
        Input("views-button", "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("views-list", "children"),
        Input("views-here", "data"),
        Input("views-saved", "data"),
        prevent_initial_call=True,
    )
    async def fill(_here: Any, _saved: Any) -> Any:
        try:
            found = await services.views.visible_to(who().user)
        except StorageError as error:
            return [html.P(f"Views cannot be read now: {error}.", role="alert")]
        return entries(found, who().user)

    @app.callback(
        Output("views-saved", "data"),
        Output("views-name", "value"),
        Input("views-save", "n_clicks"),
        State("views-here", "data"),
        State("views-name", "value"),
        State("views-shared", "checked"),
        prevent_initial_call=True,
    )
    async def keep(clicks: Any, here: Any, name: Any, shared: Any) -> Any:
        async def work(by: By) -> str:
            return await save(services, by, here, name, shared)

        return await actions.own(clicks, work), ""
