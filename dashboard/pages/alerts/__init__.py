"""What stands now that an admin should look at, each with what to do about it."""

from dashboard.pages.alerts.page import layout, register
from dashboard.registry import Page

PAGE = Page("alerts", "Alerts", "alerts", layout, register)
