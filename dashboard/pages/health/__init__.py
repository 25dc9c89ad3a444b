"""Whether the machinery runs: each part in words, and what to do where one does not."""

from dashboard.pages.health.page import layout, register
from dashboard.registry import Page

PAGE = Page("health", "Health", "health", layout, register)
