"""Who changed what, when and why."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("Who changed what, when and why.", className="empty")


PAGE = Page("audit", "Audit", "audit", layout, no_callbacks)
