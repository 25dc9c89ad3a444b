"""The keys of callers and administrators: who has one, for what, and until when."""

from dashboard.pages.keys.page import PAGE

__all__ = ["PAGE"]
