"""The primary rule's alert thresholds: what their form finds, and what it draws after a change."""

from dash import Dash

from dashboard import threshold_change
from dashboard.pages.overview.live import catch_up
from dashboard.services import Services
from dashboard.threshold_change import Desk
from insights.books import Books
from insights.rules import RuleRow, primary_row


def register(app: Dash, services: Services) -> None:
    """What the thresholds in the budget's panel do."""

    async def find(now: Books, _name: str) -> RuleRow | None:
        return await primary_row(now)

    async def after(_row: RuleRow, search: str) -> None:
        await catch_up(services, search, "")

    threshold_change.register(app, services, Desk("overview", find, after))
