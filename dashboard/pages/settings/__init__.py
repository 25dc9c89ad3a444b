"""Who may log in, who is logged in, one's own password, theme and saved views."""

from dashboard.pages.settings.page import layout, register
from dashboard.registry import Page

PAGE = Page("settings", "Settings", "settings", layout, register)
