"""How the machinery stands: a card for each part, uptime by day, processes, what is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from dash import html

from dashboard import formats
from dashboard.components.bars import uptime_strip
from dashboard.components.basics import Children, Tone, badge, status_badge
from dashboard.icons import icon

State = Literal["ok", "degraded", "down", "unknown"]

TONES: Final[Mapping[State, Tone]] = {
    "ok": "green",
    "degraded": "amber",
    "down": "red",
    "unknown": "grey",
}
BADGES: Final[Mapping[State, str]] = {
    "ok": "up",
    "degraded": "degraded",
    "down": "down",
    "unknown": "unknown",
}
DEGRADED_MILLE: Final = 990
"""A day below this is shown as down: more than a quarter of an hour of it was."""
SHORT_DAYS_SHOWN: Final = 4
MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Stand:
    """One part: what it is called, how it stands in words, and what to do where it does not."""

    name: str
    icon_name: str
    state: State
    says: str
    does: str
    """What it is there for."""
    mend: str = ""
    """What to do now; empty where nothing is."""
    label: str = ""
    """In place of the state's own word."""


def stand_card(stand: Stand) -> html.Article:
    """One part of the machinery."""
    tone = TONES[stand.state]
    mark = badge(stand.label, tone, "info") if stand.label else status_badge(BADGES[stand.state])
    return html.Article(
        [
            html.Header(
                [
                    html.Span(icon(stand.icon_name), className="card-icon"),
                    html.Div([html.H2(stand.name), html.P(stand.does, className="dim")]),
                    mark,
                ]
            ),
            html.P(stand.says, className="part-says"),
            html.P([icon("right"), html.Span(stand.mend)], className="part-mend")
            if stand.mend
            else None,
        ],
        className=f"glass part tone-{tone}",
    )


def hero(stands: Sequence[Stand]) -> html.Div:
    """The whole in one sentence."""
    down = [stand.name for stand in stands if stand.state == "down"]
    hurt = [stand.name for stand in stands if stand.state in ("degraded", "unknown")]
    if down:
        tone: Tone = "red"
        says, more = "Something is down", ", ".join([*down, *hurt])
    elif hurt:
        tone, says, more = "amber", "Something needs you", ", ".join(hurt)
    else:
        tone, says = "green", "Everything works"
        more = f"all {len(stands)} parts answer"
    name = {"red": "danger", "amber": "warning", "green": "ok"}[tone]
    return html.Div(
        [html.Span(icon(name), className="hero-mark"), html.Div([html.H2(says), html.P(more)])],
        className=f"hero tone-{tone}",
        role="status",
    )


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its start, its minutes, and how many of them everything was up."""

    start_ms: int
    minutes: int
    up: int


def state_of(day: Day) -> str:
    """`up | degraded | down | none`, as the strip paints it."""
    if not day.minutes:
        return "none"
    if day.up == day.minutes:
        return "up"
    return "degraded" if day.up * 1_000 >= DEGRADED_MILLE * day.minutes else "down"


def uptime(days: Sequence[Day], zone: ZoneInfo) -> html.Div:
    """The strip of days, and in words those that were not whole."""
    strip = [
        (
            formats.day(day.start_ms, zone),
            state_of(day),
            day.up * 1_000 // day.minutes if day.minutes else None,
        )
        for day in days
    ]
    short = sorted(
        (day for day in days if day.up < day.minutes), key=lambda day: day.up - day.minutes
    )
    told: Children = "No minute was missed."
    if short:
        told = html.Ul(
            [
                html.Li(
                    [
                        html.B(formats.day(day.start_ms, zone)),
                        f" {formats.duration((day.minutes - day.up) * MINUTE_MS)} "
                        "down or not measured",
                    ]
                )
                for day in short[:SHORT_DAYS_SHOWN]
            ],
            className="short-days figures",
        )
    return html.Div([uptime_strip(strip, "Redis, SQL and a proxy, each minute"), told])
