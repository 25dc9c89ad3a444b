"""The keys of callers and administrators."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("The keys of callers and administrators.", className="empty")


PAGE = Page("keys", "Keys", "keys", layout, no_callbacks)
