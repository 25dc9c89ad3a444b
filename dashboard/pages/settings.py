"""Users, roles and sessions."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("Users, roles and sessions.", className="empty")


PAGE = Page("settings", "Settings", "settings", layout, no_callbacks)
