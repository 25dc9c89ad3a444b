"""How this Purser is."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("How this Purser is.", className="empty")


PAGE = Page("health", "Health", "health", layout, no_callbacks, phone=True)
