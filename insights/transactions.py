"""The feed of ledger entries: rows for a grid, their number, and CSV."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from insights.books import Books
from storage.queries import Filter
from storage.records import LedgerEntry


@dataclass(frozen=True, slots=True)
class Rows:
    """Some entries, newest first, and how many fit in all."""

    entries: tuple[LedgerEntry, ...]
    total: int
    exact: bool
    """Else `total` is the least number: counting stopped there."""
    version: int


async def rows(books: Books, wanted: Filter, start: int, end: int) -> Rows:
    """Entries `start` to `end` (not included) of those that fit, as ag-grid's infinite model asks.

    Raises `ValueError` beyond `ROWS_DEEP_MAX` or for more than `ROWS_MAX` at once.
    """
    raise NotImplementedError


def csv_lines(books: Books, wanted: Filter) -> AsyncIterator[str]:
    """CSV of everything that fits, oldest first, head line first, some kilobytes at a time.

    No metadata, no prompt. A text that a spreadsheet would run (=, +, -, @, tab) is led by '.
    """
    raise NotImplementedError
