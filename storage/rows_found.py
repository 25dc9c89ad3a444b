"""Rows of the ledger by their place in a list, and how many fit, bounded in cost."""

from sqlalchemy import func, select

from storage.database import reading
from storage.ledger import Ledger
from storage.queries import Filter
from storage.records import LedgerEntry
from storage.rows import entry_of
from storage.tables import billing_log

_table = billing_log.c


async def window(ledger: Ledger, wanted: Filter, offset: int, limit: int) -> list[LedgerEntry]:
    """Entries `offset` to `offset + limit` of those that fit, newest first.

    What is skipped is skipped in the index: only the rows that are shown are read whole.
    """
    order = (_table.admitted_ms.desc(), _table.id.desc())
    places = select(_table.id).where(*wanted.conditions()).order_by(*order)
    shown = places.offset(offset).limit(limit).subquery()
    query = select(billing_log).join(shown, shown.c.id == _table.id).order_by(*order)
    async with reading(ledger.engine) as connection:
        return [entry_of(row) for row in (await connection.execute(query)).mappings()]


async def count(ledger: Ledger, wanted: Filter, most: int) -> int:
    """How many entries fit; counting stops at `most`."""
    some = select(_table.id).where(*wanted.conditions()).limit(most).subquery()
    async with reading(ledger.engine) as connection:
        return int(await connection.scalar(select(func.count()).select_from(some)) or 0)


async def count_held_above(ledger: Ledger, wanted: Filter, held_nano: int) -> int:
    """How many calls that fit held more than so much."""
    query = (
        select(func.count())
        .select_from(billing_log)
        .where(*wanted.conditions(), _table.entry == 0, _table.held_nano > held_nano)
    )
    async with reading(ledger.engine) as connection:
        return int(await connection.scalar(query) or 0)
