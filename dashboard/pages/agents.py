"""What each agent type spends."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("What each agent type spends.", className="empty")


PAGE = Page("agents", "Agents", "agents", layout, no_callbacks, phone=True)
