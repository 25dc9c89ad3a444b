"""What a part shows when there is nothing, not yet, no longer, or an error."""

from typing import Any, Literal

from dash import html

from dashboard import formats
from dashboard.aria import aria
from dashboard.components.basics import Children, Tone
from dashboard.icons import icon


def empty(
    title: str, what_to_do: Children, action: Children = None, icon_name: str = "search"
) -> html.Div:
    """Nothing to show: says why, what to do about it, and offers to."""
    return html.Div(
        [
            html.Div(icon(icon_name), className="state-mark"),
            html.H3(title),
            html.P(what_to_do),
            html.Div(action, className="state-action") if action is not None else None,
        ],
        className="state tone-purple",
    )


def error_state(what: str, where: str, how: Children, action: Children = None) -> html.Div:
    """Something failed: what, where, and what brings it back. Announced at once."""
    return html.Div(
        [
            html.Div(icon("danger"), className="state-mark"),
            html.H3(what),
            html.P(where, className="state-where"),
            html.P(how),
            html.Div(action, className="state-action") if action is not None else None,
        ],
        className="state tone-red",
        role="alert",
    )


def skeleton(kind: Literal["card", "chart", "rows", "text"] = "rows", count: int = 5) -> html.Div:
    """The outline of what is being loaded, so that nothing jumps when it comes."""
    bones = [html.Div(className="bone") for _ in range(count)]
    return html.Div(
        [*bones, html.Span("Loading", className="spoken")],
        className=f"skeleton skeleton-{kind}",
        role="status",
        **aria(busy="true"),
    )


def stale(since_ms: int, now_ms: int, why: str = "") -> html.Div:
    """The figures below are older than they should be: since when, and why."""
    text = f"Figures from {formats.ago(since_ms, now_ms)} ({formats.moment(since_ms)} UTC)"
    return note([f"{text}. {why}" if why else f"{text}."], "amber", "stale")


def note(text: Children, tone: Tone = "cyan", icon_name: str = "info") -> html.Div:
    """A sentence that belongs to what stands above it; read out when it changes."""
    return html.Div([icon(icon_name), html.Div(text)], className=f"note tone-{tone}", role="status")


def banner(text: Children, tone: Tone, icon_name: str, action: Children = None) -> html.Div:
    """A line across the page: spending is frozen, the sandbox answers, a file is bad."""
    return html.Div(
        [icon(icon_name), html.Div(text), html.Div(action, className="banner-action")],
        className=f"banner tone-{tone}",
        role="status",
    )


def live(since_ms: int, now_ms: int, *, paused: bool = False, id: Any = "live") -> html.Button:  # noqa: A002 - Dash's own word
    """How fresh the figures are; pressed, it stops or resumes their coming."""
    words = "Paused" if paused else "Live"
    return html.Button(
        [
            html.Span(className="dot"),
            html.Span(words),
            html.Span(f" · {formats.ago(since_ms, now_ms)}", className="dim figures"),
        ],
        id=id,
        className="live off" if paused else "live",
        **aria(pressed="true" if paused else "false"),
        title="Resume live figures" if paused else "Pause live figures",
    )
