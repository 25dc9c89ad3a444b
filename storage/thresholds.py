"""Alert thresholds that admins set over those of the file: SQL alone has them.

No call waits for them, so they are not published to Redis: whoever speaks of thresholds reads
them here, and folds them as limits are (`storage.override_history.in_force`).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.errors import Conflict
from storage.ledger import Ledger
from storage.tables import threshold_override

_table = threshold_override.c


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One change of a rule's thresholds.

    `at_mille` are shares of the limit in per mille, rising; () alerts at none; None lifts what
    was set before. `window_start_ms` None: until changed.
    """

    rule: str
    counter: str
    version: int
    at_mille: tuple[int, ...] | None
    window_start_ms: int | None
    made_ms: int
    who: str
    why: str

    @property
    def lifts(self) -> bool:
        """Whether it sets nothing in the place of what it ends."""
        return self.at_mille is None


async def changes(ledger: Ledger, counter: str | None = None) -> list[Thresholds]:
    """Every change (of one counter), oldest first."""
    names = Thresholds.__slots__
    query: Any = select(*(_table[name] for name in names)).order_by(_table.made_ms, _table.version)
    if counter is not None:
        query = query.where(_table.counter == counter)
    async with reading(ledger.engine) as connection:
        return [_change(row) for row in await connection.execute(query)]


async def write(ledger: Ledger, change: Thresholds, act: Act) -> None:
    """Write a change and its audit line; raises `Conflict` unless `change.version` is the next."""
    last = select(func.max(_table.version)).where(_table.counter == change.counter)
    async with writing(ledger.engine) as connection:
        found = await connection.scalar(last) or 0
        if found != change.version - 1:
            raise Conflict(
                f"the thresholds are at version {found}, not {change.version - 1}: somebody has "
                "changed them; read them again"
            )
        try:
            async with connection.begin_nested():
                await connection.execute(insert(threshold_override).values(**_row(change)))
        except IntegrityError as error:
            raise Conflict(
                "somebody changes the same thresholds at this moment: try again"
            ) from error
        await write_line(connection, act, change.made_ms)


def _row(change: Thresholds) -> dict[str, Any]:
    kept = {name: getattr(change, name) for name in Thresholds.__slots__}
    at = change.at_mille
    return kept | {"at_mille": None if at is None else ",".join(map(str, at))}


def _change(row: Row[Any]) -> Thresholds:
    kept = dict(row._mapping)
    at = kept["at_mille"]
    shares = None if at is None else tuple(int(share) for share in at.split(",") if share)
    return Thresholds(**kept | {"at_mille": shares})
