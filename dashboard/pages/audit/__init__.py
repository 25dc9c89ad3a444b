"""Who changed what, when and why."""

from dashboard.pages.audit.page import PAGE

__all__ = ["PAGE"]
