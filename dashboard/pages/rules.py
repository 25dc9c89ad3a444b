"""Every budget rule, with what is spent and held."""

from typing import Any

from dash import html

from dashboard.context import Context
from dashboard.registry import Page, no_callbacks


async def layout(_context: Context) -> Any:
    """The section's content."""
    return html.P("Every budget rule, with what is spent and held.", className="empty")


PAGE = Page("rules", "Rules", "rules", layout, no_callbacks)
