"""The feed of ledger entries: rows for a grid, their number, and CSV."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from config.money import usd_text
from insights.books import Books
from storage.holds import Interval
from storage.queries import Filter, pages
from storage.records import LedgerEntry, Usage
from storage.rows_found import count, window
from storage.usage import Scope, figures_version, rolled, used

ROWS_MAX: Final = 1_000
"""How many rows one question takes."""
DEEP_MAX: Final = 100_000
"""How far a grid may scroll: whoever looks for more filters, or takes the CSV."""
END_MS: Final = 253_402_300_800_000
"""The year 10000: every entry is before it."""
CSV_ROWS: Final = 1_000
"""Entries a piece of CSV is made of."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = (
    "seq", "hold_id", "entry", "status", "admitted_at", "posted_at", "request_id", "execution_id",
    "agent", "campaign", "task", "key", "endpoint", "requested_model", "served_model", "tier",
    *Usage.__slots__,
    "charge_usd", "provider_usd", "held_usd", "flags", "price_version", "http_status",
    "latency_ms", "ttfb_ms", "count", "rule", "reason",
)  # fmt: skip
"""Of the CSV. Amounts in dollars to the nano; times ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some entries, newest first, and how many fit in all."""

    entries: tuple[LedgerEntry, ...]
    total: int
    """How many fit, at most `DEEP_MAX`."""
    exact: bool
    """Else there are more than `total`."""
    version: int


async def rows(books: Books, wanted: Filter, start: int, end: int) -> Rows:
    """Entries `start` to `end` (not included) of those that fit, as ag-grid's infinite model asks.

    Raises `ValueError` beyond `DEEP_MAX` or for more than `ROWS_MAX` at once.
    """
    if not 0 <= start <= end <= DEEP_MAX or end - start > ROWS_MAX:
        raise ValueError(f"rows {start} to {end}: at most {ROWS_MAX} of the first {DEEP_MAX}")
    version = await figures_version(books.ledger)
    found, total = await asyncio.gather(
        window(books.ledger, wanted, start, end - start), _total(books, wanted)
    )
    return Rows(tuple(found), min(total, DEEP_MAX), total <= DEEP_MAX, version)


async def _total(books: Books, wanted: Filter) -> int:
    """How many fit: by the rollup where it can say, else counted up to a bound."""
    scope = _scope(wanted)
    if scope is None or rolled(scope.asked()) is None:
        return await count(books.ledger, wanted, DEEP_MAX + 1)
    since = wanted.since_ms if wanted.since_ms is not None else 0
    until = wanted.until_ms if wanted.until_ms is not None else END_MS
    return (await used(books.ledger, Interval(since, until), scope)).entries if since < until else 0


def _scope(wanted: Filter) -> Scope | None:
    """What is asked, as the rollup is asked; None where it does not know."""
    unknown = (
        wanted.task, wanted.status, wanted.execution_id, wanted.request_id, wanted.hold_id,
        wanted.call,
    )  # fmt: skip
    if any(one is not None for one in unknown):
        return None
    return Scope(wanted.agent, wanted.campaign, wanted.model, wanted.endpoint, wanted.key)


async def csv_lines(books: Books, wanted: Filter) -> AsyncIterator[str]:
    """CSV of everything that fits, oldest first, head line first, some kilobytes at a time.

    No metadata, no prompt. A text that a spreadsheet would run (=, +, -, @, tab) is led by '.
    """
    yield _csv([COLUMNS])
    async for some in pages(books.ledger, wanted, CSV_ROWS):
        if some:
            yield _csv([_line(entry) for entry in some])


def _csv(lines: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def _line(entry: LedgerEntry) -> list[object]:
    told: dict[str, object] = {
        "admitted_at": _time(entry.admitted_ms),
        "posted_at": _time(entry.posted_ms),
        "charge_usd": usd_text(entry.charge_nano),
        "provider_usd": usd_text(entry.provider_nano),
        "held_usd": usd_text(entry.held_nano),
        "flags": " ".join(sorted(entry.flags)),
        "status": entry.status.value,
    }
    found: list[object] = []
    for name in COLUMNS:
        if name in told:
            found.append(told[name])
        else:
            of = entry.usage if name in Usage.__slots__ else entry
            found.append(_defused(getattr(of, name)))
    return found


def _defused(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _time(time_ms: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
