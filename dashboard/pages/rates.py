"""What agents are charged, and what models cost."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("What agents are charged, and what models cost.", className="empty")


PAGE = Page("rates", "Rate card", "rates", layout, no_callbacks)
