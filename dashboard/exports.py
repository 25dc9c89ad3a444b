"""Files to take away: streamed, bounded, and only to who is logged in.

`GET /admin/budget/export/transactions.csv?period=7d&agent=SEO`: what the list at the same query
shows, oldest first. The gate stands in front: nobody comes here without a session.
"""

import logging
import re
from typing import Final

from config.bounds import EXPORT_STALLED_S
from dashboard.books import books
from dashboard.context import PREFIX
from dashboard.feed import wanted_of
from dashboard.http import HeaderList, Refused, answer
from dashboard.periods import period_of_view
from dashboard.services import Services
from dashboard.state import View, parse
from insights.books import Books
from insights.period import local_day
from insights.transactions import csv_lines
from proxy.asgi import ClientGone, Receive, Scope, Send, unstalled
from storage.errors import StorageError
from storage.rows_found import count

EXPORTS: Final = f"{PREFIX}export/"
TRANSACTIONS: Final = f"{EXPORTS}transactions.csv"
ROWS_MAX: Final = 1_000_000
AT_ONCE_MAX: Final = 2
"""Each reads the ledger page after page: calls through the proxy must find their turns."""
_log = logging.getLogger("purser.panel")
_CSV: Final = b"text/csv; charset=utf-8"


class Exports:
    """Serves the files of this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._under_way = 0

    async def serve(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a GET below `EXPORTS`. Raises `Refused` and what storage raises."""
        if scope["path"] != TRANSACTIONS:
            raise Refused(404, f"there is no such file; there is {TRANSACTIONS}")
        if self._under_way >= AT_ONCE_MAX:
            raise Refused(429, f"{AT_ONCE_MAX} files are being made: try again in a minute")
        self._under_way += 1
        try:
            await self._transactions(scope, send)
        finally:
            self._under_way -= 1

    async def _transactions(self, scope: Scope, send: Send) -> None:
        view, asked = _view(scope), books(self._services)
        wanted = wanted_of(view, asked.timezone, asked.now_ms)
        total = await count(asked.ledger, wanted, ROWS_MAX + 1)
        if total > ROWS_MAX:
            raise Refused(413, f"these are more than {ROWS_MAX:,} entries: choose a shorter period")
        name = filename(view, asked)
        headers: HeaderList = [
            (b"content-type", _CSV),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        ]
        if scope["method"] == "HEAD":
            await answer(scope, send, 200, headers, b"")
            return
        send = unstalled(send, EXPORT_STALLED_S)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async for text in csv_lines(asked, wanted):
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (StorageError, ClientGone) as error:
            # Without its last piece the browser knows that the file is not whole.
            _log.warning("a file was not sent whole", extra={"why": repr(error)})
            raise ClientGone from None


def _view(scope: Scope) -> View:
    query = scope["query_string"].decode("latin-1")
    view = parse("transactions", query)
    if view.problems:
        # A list tells what it could not use; a file would quietly hold something else.
        raise Refused(400, " ".join(view.problems))
    return view


def filename(view: View, asked: Books) -> str:
    """What a file is called: what it holds, and of which days."""
    period = period_of_view(view, asked.timezone, asked.now_ms)
    first = local_day(period.start_ms, asked.timezone)
    last = local_day(max(period.elapsed.end_ms - 1, period.start_ms), asked.timezone)
    parts = ["purser-transactions", first.isoformat(), "to", last.isoformat()]
    told = [value for values in view.filters.values() for value in values]
    plain = [re.sub(r"[^A-Za-z0-9]+", "-", value).strip("-")[:24] for value in told[:3]]
    return "-".join([*parts, *(part for part in plain if part)]) + ".csv"
