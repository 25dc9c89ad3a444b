"""The filter bar: what narrows a section, in chips, and menus to narrow it by more.

Everything is a link to the same view with other filters, so all of it stands in the URL: no
callback, and each choice can be opened beside, shared and gone back from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from dash import html

from dashboard.aria import aria
from dashboard.components.basics import agent_name
from dashboard.icons import agent_icon, icon
from dashboard.links import stay
from dashboard.state import FILTERS, View

LABELS: Final[Mapping[str, str]] = {
    "agent": "Agent",
    "campaign": "Campaign",
    "model": "Model",
    "endpoint": "Endpoint",
    "key": "Key",
    "status": "Status",
    "call": "Id",
    "action": "Action",
    "person": "Who",
    "text": "Words",
    "before": "Below line",
}
Offered = Mapping[str, Sequence[str]]
"""For each filter that a section takes, the values to choose from, as they stand in a URL."""


def filter_bar(
    view: View, prefix: str, offered: Offered, *, groups: Mapping[str, str] | None = None
) -> html.Div:
    """Chips of the filters in force, then a menu for each of `offered`, in the order given.

    A choice is added to the filter's values, or lifted where it was one. With `groups` (words by
    name) a last menu chooses by what figures are split. A filter of the URL that is not offered
    is shown as one that changes nothing here; what a field searches by is offered with nothing
    to choose from, and gets no menu.
    """
    inside = [
        _chip(view, prefix, name, value, works=name in offered)
        for name, values in view.filters.items()
        for value in values
    ]
    if len(inside) > 1:
        lifted = _without(view)
        inside.append(stay("Clear all", lifted.href(prefix), className="quiet chips-clear"))
    menus = [
        _menu(view, prefix, name, values)
        for name, values in offered.items()
        if values or name in FILTERS
    ]
    if groups:
        menus.append(_groups(view, prefix, groups))
    return html.Div(
        [
            html.Div([icon("filter"), *menus], className="filter-menus"),
            html.Div(inside, className="chips", role="group", **aria(label="Filters in force"))
            if inside
            else None,
        ],
        className="filters",
    )


def shown(name: str, value: str) -> str:
    """A filter's value as people read it."""
    return agent_name(value) if name == "agent" else value


def _chip(view: View, prefix: str, name: str, value: str, *, works: bool) -> html.Span:
    rest = tuple(one for one in view.filters[name] if one != value)
    label = LABELS[name]
    return html.Span(
        [
            html.Span(f"{label} ", className="dim"),
            html.Span(shown(name, value)),
            *([] if works else [html.Span("· not used here", className="dim")]),
            stay(
                icon("close"),
                view.having(name, rest).href(prefix),
                className="chip-remove",
                **aria(label=f"Remove filter {label} {shown(name, value)}"),
            ),
        ],
        className="chip" if works else "chip chip-idle",
    )


def _menu(view: View, prefix: str, name: str, values: Sequence[str]) -> html.Details:
    now = view.filters.get(name, ())
    links = [_choice(view, prefix, name, value, now) for value in values]
    nothing = html.P("Nothing to choose from in this time.")
    return html.Details(
        [
            html.Summary([LABELS[name], icon("expand")], className="on" if now else ""),
            html.Div(links or nothing, className="menu filter-menu"),
        ],
        className="filter-pick",
    )


def _groups(view: View, prefix: str, groups: Mapping[str, str]) -> html.Details:
    on = view.group_by in groups
    choices = {"none": "Not split", **{name: f"By {text.lower()}" for name, text in groups.items()}}
    now = view.group_by if on else "none"
    links = [
        stay(
            [
                html.Span(text, className="filter-value"),
                *([icon("ok"), html.Span("chosen", className="spoken")] if name == now else []),
            ],
            replace(view, group_by=name).href(prefix),
            className="on" if name == now else "",
        )
        for name, text in choices.items()
    ]
    label = f"Split {choices[now].lower()}" if on else "Split spend"
    return html.Details(
        [
            html.Summary([label, icon("expand")], className="on" if on else ""),
            html.Div(links, className="menu filter-menu"),
        ],
        className="filter-pick",
    )


def _choice(view: View, prefix: str, name: str, value: str, now: Sequence[str]) -> html.A:
    on = value in now
    rest = tuple(one for one in now if one != value)
    then = rest if on else (*rest, value)
    mark = [icon(agent_icon(value))] if name == "agent" else []
    return stay(
        [
            *mark,
            html.Span(shown(name, value), className="filter-value"),
            *([icon("ok"), html.Span("chosen", className="spoken")] if on else []),
        ],
        view.having(name, then).href(prefix),
        className="on" if on else "",
        title=value,
    )


def _without(view: View) -> View:
    lifted = view
    for name in view.filters:
        lifted = lifted.having(name, ())
    return lifted
