"""What every call cost."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("What every call cost.", className="empty")


PAGE = Page("transactions", "Transactions", "transactions", layout, no_callbacks, phone=True)
