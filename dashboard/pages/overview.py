"""The overview: whether money is safe, at one glance."""

from typing import Any, Final

from dash import Dash, Input, Output, dcc, html

from budget.check import facts_of, would_refuse
from budget.errors import Unavailable
from config.rules import UNATTRIBUTED, Rule
from dashboard.context import Context
from dashboard.registry import Page
from dashboard.services import Services
from storage.errors import StorageError
from storage.levels import Level

TICK_MS: Final = 5_000
_CENT: Final = 10_000_000
"""Nano-dollars."""


async def layout(context: Context) -> Any:
    """The figures of the primary rule, now."""
    return [
        dcc.Interval({"type": "tick", "page": "overview"}, interval=TICK_MS),
        html.Div(await _cards(context.services), id="overview-cards", className="cards"),
    ]


def register(app: Dash, services: Services) -> None:
    """Refresh the figures while the page is open."""

    @app.callback(
        Output("overview-cards", "children"),
        Input({"type": "tick", "page": "overview"}, "n_intervals"),
        prevent_initial_call=True,
    )
    async def refresh(_n: int) -> Any:
        return await _cards(services)


async def _cards(services: Services) -> list[Any]:
    rule = services.current().primary
    if rule is None:
        return [html.P("No primary budget is configured.", className="empty")]
    try:
        level = await _level(services, rule)
    except (Unavailable, StorageError) as error:
        return [html.P(f"Figures are away: {error}.", className="empty", role="alert")]
    if level is None:
        return [html.P(f"The rule {rule.name} is not in force yet.", className="empty")]
    used = level.posted_nano * 1000 // level.limit_nano if level.limit_nano else 0
    return [
        _card("Budget", "cyan", level.limit_nano, f"{rule.name}, a {rule.window}"),
        _card("Spent", "purple", level.posted_nano, f"{used / 10:.1f} % used"),
        _card("Held in flight", "amber", level.held_nano, "worst case of calls under way"),
        _card("Left", "green", level.remaining_nano, "after what is spent and held"),
    ]


async def _level(services: Services, rule: Rule) -> Level | None:
    match = {dimension.value: value for dimension, value in rule.match.items()}
    facts = facts_of(
        match.get("agent", UNATTRIBUTED),
        match.get("campaign", UNATTRIBUTED),
        match.get("task", UNATTRIBUTED),
        match.get("key", UNATTRIBUTED),
        match.get("model", ""),
        match.get("endpoint", ""),
    )
    found = await would_refuse(services.lifeline, facts, 0)
    return next((level for level in found.levels if level.rule == rule.name), None)


def _card(title: str, tone: str, nano: int, context: str) -> Any:
    cents = (abs(nano) + _CENT // 2) // _CENT
    sign = "−" if nano < 0 and cents else ""
    figure = f"{sign}${cents // 100:,}.{cents % 100:02d}"
    return html.Section(
        [html.H2(title), html.P(figure, className="figure"), html.P(context, className="dim")],
        className=f"glass card tone-{tone}",
    )


PAGE = Page("overview", "Overview", "overview", layout, register, phone=True)
