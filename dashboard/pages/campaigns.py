"""What each campaign spends, against its budget."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("What each campaign spends, against its budget.", className="empty")


PAGE = Page("campaigns", "Campaigns", "campaigns", layout, no_callbacks, phone=True)
