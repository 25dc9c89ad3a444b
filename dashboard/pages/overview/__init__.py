"""The overview: whether money is safe, at one glance, and the controls that keep it so."""

import asyncio
from typing import Any, Final

from dash import Dash, dcc, html

from dashboard.components.overview import overview
from dashboard.context import Context
from dashboard.pages.overview import alerting, chart, freezes, limits, live
from dashboard.pages.overview.look import NOTICES, Look, look, notices, parts
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.snapshot import Snapshot

TICK_MS: Final = 5_000


async def layout(context: Context) -> Any:
    """The whole section as it stands."""
    found = await look(context.services, context.view)
    # In a thread, or calls on the same loop would wait for it.
    return await asyncio.to_thread(_drawn, context, found)


def _drawn(context: Context, found: Snapshot[Look]) -> list[Any]:
    seen = found.figures
    beside = limits.limit_panel(seen.read, may_change=context.may_change)
    return [
        dcc.Interval({"type": "tick", "page": "overview"}, interval=TICK_MS),
        dcc.Store(live.SEEN, data=parts(found).seen),
        *chart.holders(seen.shown.burn),
        html.Div(
            [
                html.Div(notices(found), id=NOTICES, className="stack notices"),
                overview(seen.shown, beside, chart.place()),
            ],
            className="stack",
        ),
    ]


def register(app: Dash, services: Services) -> None:
    """The section's callbacks."""
    chart.register(app, services)
    limits.register(app, services)
    alerting.register(app, services)
    freezes.register(app, services)
    live.register(app, services)


PAGE = Page("overview", "Overview", "overview", layout, register, phone=True)
