"""What admins are told of."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("What admins are told of.", className="empty")


PAGE = Page("alerts", "Alerts & reports", "alerts", layout, no_callbacks)
