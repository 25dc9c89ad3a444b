"""What an admin should look at: what it is, since when, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from dash import html

from dashboard.components.basics import Children, Tone
from dashboard.icons import icon

Weight = Literal["alarm", "attention", "info"]
LOOKS: dict[Weight, tuple[Tone, str, str]] = {
    "alarm": ("red", "danger", "Alarm"),
    "attention": ("amber", "warning", "Attention"),
    "info": ("cyan", "info", "To know"),
}
"""Tone, icon and the word that says it without both."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing. `does` is what to do now; `href` leads to where it is done."""

    weight: Weight
    title: str
    says: Children
    does: str
    href: str = ""
    link: str = ""
    since: Children = ""
    about: tuple[str, ...] = field(default=())
    """Names of what it concerns, shown as marks."""


def notice_item(notice: Notice) -> html.Li:
    """One thing with its mark, its words and the way to it."""
    tone, name, word = LOOKS[notice.weight]
    go = [html.A([notice.link, icon("right")], href=notice.href, className="more")]
    return html.Li(
        [
            html.Span(icon(name, word), className="card-icon"),
            html.Div(
                [
                    html.Div(
                        [html.H3(notice.title), html.Span(notice.since, className="dim figures")],
                        className="notice-head",
                    ),
                    html.Div(notice.says, className="notice-says"),
                    html.Div([html.Code(about) for about in notice.about], className="notice-about")
                    if notice.about
                    else None,
                    html.P([icon("right"), html.Span(notice.does)], className="notice-does"),
                ]
            ),
            *(go if notice.href else []),
        ],
        className=f"notice tone-{tone}",
    )


def notice_list(notices: Sequence[Notice]) -> html.Ul:
    """All of them, the gravest first."""
    order = list(LOOKS)
    ordered = sorted(notices, key=lambda notice: order.index(notice.weight))
    return html.Ul([notice_item(notice) for notice in ordered], className="notices")
