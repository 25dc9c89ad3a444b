"""Who set which limit, when and why: the history behind `storage.overrides`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storage.database import once, reading
from storage.ledger import Ledger
from storage.tables import budget_override

_table = budget_override.c


@dataclass(frozen=True, slots=True)
class Made:
    """One change of a limit. `limit_nano` None lifted it; `window_start_ms` None: until changed."""

    counter: str
    value: str
    value_name: str
    version: int
    limit_nano: int | None
    window_start_ms: int | None
    made_ms: int
    who: str
    why: str


async def changes(ledger: Ledger, counter: str | None = None) -> list[Made]:
    """Every change (of one counter), oldest first."""
    names = Made.__slots__
    query: Any = select(*(_table[name] for name in names)).order_by(_table.made_ms, _table.version)
    if counter is not None:
        query = query.where(_table.counter == counter)

    async def asked() -> list[Made]:
        async with reading(ledger.engine) as connection:
            return [Made(*row) for row in await connection.execute(query)]

    return await once(ledger.engine, ("changes", counter), asked)


def in_force(made: list[Made], window_start_ms: int, at_ms: int) -> Made | None:
    """Which of the changes of one rule or value, oldest first, bound a window at a moment."""
    until: Made | None = None
    window: Made | None = None
    for change in made:
        if change.made_ms > at_ms:
            break
        if change.window_start_ms is None:
            until = change if change.limit_nano is not None else None
            # It lifts those of windows that have begun.
            window = window if window_start_ms > change.made_ms else None
        elif change.window_start_ms == window_start_ms:
            window = change if change.limit_nano is not None else None
    return window or until
