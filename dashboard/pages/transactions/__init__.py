"""What every call cost: a live list, one call in detail, corrections, CSV."""

from dashboard.pages.transactions.page import PAGE

__all__ = ["PAGE"]
