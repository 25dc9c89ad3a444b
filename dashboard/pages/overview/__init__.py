"""The overview: whether money is safe, at one glance, and the controls that keep it so."""

import asyncio
from typing import Any, Final

from dash import Dash, dcc, html

from dashboard import formats
from dashboard.books import books
from dashboard.components.filters import filter_bar
from dashboard.components.overview import overview
from dashboard.context import PREFIX, Context
from dashboard.course import GROUPS, panel_of
from dashboard.narrow import offered
from dashboard.pages.overview import alerting, chart, freezes, limits, live
from dashboard.pages.overview.figures import Read
from dashboard.pages.overview.look import NOTICES, Look, look, notices, parts
from dashboard.periods import period_of_view
from dashboard.registry import Page
from dashboard.services import Services
from dashboard.snapshot import Snapshot
from dashboard.state import View

TICK_MS: Final = 5_000


async def layout(context: Context) -> Any:
    """The whole section as it stands."""
    now = books(context.services)
    period = period_of_view(context.view, now.timezone, now.now_ms)
    found, choices = await asyncio.gather(
        look(context.services, context.view), offered(context.services, now, period)
    )
    bar = filter_bar(context.view, PREFIX, choices, groups=GROUPS)
    # In a thread, or calls on the same loop would wait for it.
    return [bar, *await asyncio.to_thread(_drawn, context, found)]


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
                overview(seen.shown, beside, chart.place(), _split(seen.read, context.view)),
            ],
            className="stack",
        ),
    ]


def _split(read: Read, view: View) -> Any:
    if read.split is None:
        return None
    period = read.overview.period
    at = formats.local(read.full_ms, formats.zone(period.timezone))
    return panel_of(read.split, view, period, section="overview", note=f"as of {at:%H:%M}")


def register(app: Dash, services: Services) -> None:
    """The section's callbacks."""
    chart.register(app, services)
    limits.register(app, services)
    alerting.register(app, services)
    freezes.register(app, services)
    live.register(app, services)


PAGE = Page("overview", "Overview", "overview", layout, register, phone=True)
