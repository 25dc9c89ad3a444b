"""Around every section: navigation, title, period, user. Where one is stands in the URL alone."""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import SplitResult, urlunsplit

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, dcc, html

from budget.errors import BudgetError
from dashboard import keyboard, views_menu
from dashboard.context import PREFIX, Context, who
from dashboard.errors import TOASTS
from dashboard.pages import BY_SLUG, PAGES
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.state import PERIODS, View, parse
from storage.errors import StorageError

PERIOD_NAMES: Final = {"24h": "24 h", "7d": "7 d", "30d": "30 d", "month": "Month"}
STEP_NAMES: Final = {
    "auto": "Automatic",
    "hour": "Hours",
    "day": "Days",
    "week": "Weeks",
    "month": "Months",
}
THEMES: Final = {"system": "System", "dark": "Dark", "light": "Light", "contrast": "High contrast"}
WITHOUT_PERIOD: Final = frozenset(
    {"rules", "rates", "alerts", "keys", "health", "settings", "not-found"}
)
"""Sections that show how things stand, not what happened in a time."""
LISTS: Final = frozenset({"transactions", "audit"})
"""Sections that show each thing that happened: nothing to be cut into steps."""


def view_of(pathname: Any, search: Any) -> View:
    """The view that an address shows; one that is none of ours shows `not-found`."""
    path = pathname if isinstance(pathname, str) else PREFIX
    slug = path.removeprefix(PREFIX).strip("/") or "overview"
    known = path.startswith(PREFIX) and slug in BY_SLUG
    return parse(slug if known else "not-found", search if isinstance(search, str) else "")


async def whole(context: Context, address: SplitResult) -> Any:
    """The page with its frame, as it is first drawn at `address`."""
    drawn = dmc.MantineProvider(
        [
            html.A("Skip to the content", href="#content", className="skip"),
            html.Nav(navigation(context), id="nav", className="nav", **{"aria-label": "Sections"}),
            html.Div(
                [
                    html.Header(top(context), id="top", className="top"),
                    # Filled by the browser, which alone knows that no answer comes.
                    html.Div(id="away", className="away", role="status"),
                    html.Main(
                        await content(context), id="content", className="page", tabIndex="-1"
                    ),
                ],
                className="body",
            ),
            keyboard.dialog({page.slug: page.title for page in PAGES}),
            dmc.NotificationContainer(id=TOASTS, position="top-right", limit=4),
        ],
        forceColorScheme="dark",
    )
    return html.Div([_location(address), dcc.Store("titled"), dcc.Store("ranged"), drawn])


def _location(address: SplitResult) -> Any:
    """Where the browser is. Told at once, it has nothing to tell: the page is not made twice."""
    if not address.netloc:
        return dcc.Location("url", refresh=False)
    search = f"?{address.query}" if address.query else ""
    return dcc.Location(
        "url",
        refresh=False,
        pathname=address.path,
        search=search,
        href=urlunsplit(address._replace(fragment="")),
    )


async def content(context: Context) -> list[Any]:
    """The section itself, below what the address got wrong."""
    told = [html.P(text, className="told", role="status") for text in context.view.problems]
    page = BY_SLUG.get(context.view.section)
    if page is None:
        back = dcc.Link("To the overview", href=PREFIX, className="more")
        return [html.P(["There is nothing at this address. ", back], className="empty")]
    try:
        made = await page.layout(context)
    except (StorageError, BudgetError) as error:
        return [html.P(f"This cannot be shown now: {error}.", className="empty", role="alert")]
    return [*told, *(made if isinstance(made, list) else [made])]


def navigation(context: Context) -> list[Any]:
    """The brand, the sections, and on a phone the rest of them behind `More`."""
    view = context.view
    links = [_nav_link(page, view) for page in PAGES]
    rest = [_nav_link(page, view) for page in PAGES if not page.phone]
    more = html.Details(
        [
            html.Summary([_icon("more"), html.Span("More")], className="nav-link"),
            html.Div(rest, className="menu"),
        ],
        className="nav-more",
    )
    sandbox = context.services.upstream == "sandbox"
    return [
        dcc.Link(
            [html.Span(className="mark"), html.Span("Purser")], href=PREFIX, className="brand"
        ),
        html.Div(links, className="nav-links"),
        more,
        *(
            [html.P([_icon("sandbox"), "Sandbox: no real money"], className="nav-note")]
            if sandbox
            else []
        ),
    ]


def _nav_link(page: Page, view: View) -> Any:
    here = page.slug == view.section
    there = View(page.slug, view.period, view.first, view.last)
    return dcc.Link(
        [_icon(page.icon), html.Span(page.title)],
        href=there.href(PREFIX),
        className=f"nav-link{' on' if here else ''}{' phone' if page.phone else ''}",
        **({"title": f"{page.title}, shown now"} if here else {}),
    )


def top(context: Context) -> list[Any]:
    """The section's title, the period, whether figures move, and who is logged in."""
    view = context.view
    page = BY_SLUG.get(view.section)
    tools = [] if view.section in WITHOUT_PERIOD else [_periods(view)]
    if tools and view.section not in LISTS:
        tools.append(_steps(view))
    return [
        html.H1(page.title if page else "Nothing here", id="heading"),
        html.Div(tools, className="tools"),
        views_menu.menu(),
        html.Button(
            [
                html.Span(className="dot"),
                html.Span("Live", id="live-text"),
                html.Span(className="age figures"),
            ],
            id="live",
            className="live",
            title="Figures refresh by themselves; click to pause",
        ),
        _user(context),
    ]


def _periods(view: View) -> Any:
    custom = view.first is not None
    links = [
        dcc.Link(
            PERIOD_NAMES[name],
            href=replace(view, period=name, first=None, last=None).href(PREFIX),
            className="on" if not custom and name == view.period else "",
        )
        for name in PERIODS
    ]
    # Mantine's own code fails on a range that is None.
    days = (view.first, view.last)
    shown = [day.isoformat() if day else None for day in days]
    label = f"{view.first} to {view.last}" if custom else "Custom"
    picker = html.Details(
        [
            html.Summary(label, className="on" if custom else ""),
            html.Div(
                [
                    dmc.DatePickerInput(
                        id="range",
                        type="range",
                        value=shown,
                        label="From and to",
                        placeholder="Two days",
                        valueFormat="YYYY-MM-DD",
                        ariaLabels={"monthLevelControl": "Change level"},
                        popoverProps={"withRoles": False, "withinPortal": False},
                    ),
                ],
                className="menu",
            ),
        ]
    )
    return html.Div([*links, picker], className="periods", role="group", **{"aria-label": "Period"})


def _steps(view: View) -> Any:
    links = [
        dcc.Link(
            text,
            href=replace(view, granularity=name).href(PREFIX),
            className="on" if name == view.granularity else "",
        )
        for name, text in STEP_NAMES.items()
    ]
    shown = "By" if view.granularity == "auto" else f"By {STEP_NAMES[view.granularity].lower()}"
    return html.Details(
        [
            html.Summary([_icon("calendar"), shown], title="How fine"),
            html.Div(links, className="menu"),
        ],
        className="steps",
    )


def _user(context: Context) -> Any:
    session = context.session
    themes = [
        html.Button(text, className="theme-choice", **{"data-choose-theme": name})
        for name, text in THEMES.items()
    ]
    doors = [
        html.Form(
            html.Button([_icon("logout"), text], type="submit"),
            action=f"{PREFIX}{path}",
            method="POST",
        )
        for path, text in (("logout", "Log out"), ("logout-everywhere", "Log out everywhere"))
    ]
    return html.Details(
        [
            html.Summary(
                [_icon("user"), html.Span(session.user, className="name")],
                # The phone shows the icon alone.
                **{"aria-label": f"{session.user}: account and theme"},
            ),
            html.Div(
                [
                    html.P([html.B(session.user), f" · {session.role}"]),
                    html.Div(themes, className="themes", role="group", **{"aria-label": "Theme"}),
                    keyboard.opener(),
                    *doors,
                ],
                className="menu",
            ),
        ],
        className="user",
    )


def _icon(name: str) -> Any:
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def register(app: Dash, services: Services) -> None:
    """The callbacks of the frame."""
    views_menu.register(app, services)

    @app.callback(
        Output("nav", "children"),
        Output("top", "children"),
        Output("content", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        prevent_initial_call=True,
    )
    async def show(pathname: Any, search: Any) -> Any:
        context = Context(services, who(), view_of(pathname, search))
        return navigation(context), top(context), await content(context)

    # In the browser: a callback of the server's that writes the address, and is drawn anew by
    # what the address shows, goes round for ever.
    app.clientside_callback(
        ClientsideFunction("purser", "range"),
        Output("ranged", "data"),
        Input("range", "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("purser", "live"),
        Output({"type": "tick", "page": ALL}, "disabled"),
        Output("live", "className"),
        Output("live-text", "children"),
        Input("live", "n_clicks"),
        Input({"type": "tick", "page": ALL}, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("purser", "arrived"),
        Output("titled", "data"),
        Input("heading", "children"),
    )
