"""Overrides of limits: SQL has their history, Redis what binds now.

SQL comes first. What Redis does not have yet is marked, and is put there by whoever can next:
the caller, the janitor, or the recovery of an emptied Redis. Redis takes no older version after
a newer one, so they may race.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import scripts
from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.errors import Conflict, NotReady
from storage.ledger import Ledger
from storage.redis_link import Argument, RedisLink
from storage.tables import budget_override

_table = budget_override.c
Base = tuple[str, str]
"""Counter and value: what an override is of."""


@dataclass(frozen=True, slots=True)
class Change:
    """A limit that someone wants. `limit_nano` None lifts; `window_start_ms` None: until changed.

    `value` is the digest of one value of an `each` rule, "" for the rule itself.
    """

    rule: str
    counter: str
    value: str
    value_name: str
    limit_nano: int | None
    window_start_ms: int | None
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class State:
    """The overrides of one rule or value: until changed, and by window. Version 0: never any."""

    version: int = 0
    until_changed_nano: int | None = None
    windows: tuple[tuple[int, int], ...] = ()
    """Window start (milliseconds) and limit of each."""

    def limit(self, window_start_ms: int) -> int | None:
        """The override that binds in a window."""
        return dict(self.windows).get(window_start_ms, self.until_changed_nano)


def state_of(rows: Iterable[Row[Any]]) -> State:
    """Fold changes, oldest first. One until changed lifts those of windows that have begun."""
    version, until, windows = 0, None, dict[int, int]()
    for row in rows:
        version = row.version
        if row.window_start_ms is None:
            until = row.limit_nano
            windows = {start: limit for start, limit in windows.items() if start > row.made_ms}
        elif row.limit_nano is None:
            windows.pop(row.window_start_ms, None)
        else:
            windows[row.window_start_ms] = row.limit_nano
    return State(version, until, tuple(sorted(windows.items())))


async def state(ledger: Ledger, counter: str, value: str = "") -> State:
    """What SQL has of one rule or value."""
    async with reading(ledger.engine) as connection:
        return await _state(connection, (counter, value))


async def write(
    ledger: Ledger, change: Change, act: Act, expected_version: int | None, now_ms: int
) -> State:
    """Write a change and its audit line; raises `Conflict` where `expected_version` is not the
    last one, or where another change came at the same moment."""
    base = (change.counter, change.value)
    async with writing(ledger.engine) as connection:
        before = await _state(connection, base)
        if expected_version is not None and expected_version != before.version:
            raise Conflict(
                f"the limit is at version {before.version}, not {expected_version}: "
                "somebody has changed it; read it again"
            )
        row = {
            "rule": change.rule,
            "counter": change.counter,
            "value": change.value,
            "value_name": change.value_name,
            "version": before.version + 1,
            "limit_nano": change.limit_nano,
            "window_start_ms": change.window_start_ms,
            "made_ms": now_ms,
            "who": change.who,
            "why": change.why,
            "published": False,
        }
        try:
            async with connection.begin_nested():
                await connection.execute(insert(budget_override).values(**row))
        except IntegrityError as error:
            raise Conflict("somebody changes the same limit at this moment: try again") from error
        await write_line(connection, act, now_ms)
        return await _state(connection, base)


async def publish(link: RedisLink, ledger: Ledger, base: Base) -> State:
    """Put what SQL has of `base` into Redis, then mark it; returns it. Safe to repeat."""
    counter, value = base
    found = await state(ledger, counter, value)
    flat: list[Argument] = []
    if found.until_changed_nano is not None:
        flat += ["", found.until_changed_nano]
    for start, limit in found.windows:
        flat += [start, limit]
    name = f"{counter}/{value}" if value else counter
    answer = await link.run(scripts.OVERRIDE, name, found.version, *flat)
    if answer not in (["ok"], ["older"]):
        raise NotReady("Redis did not take the override")
    async with writing(ledger.engine) as connection:
        await connection.execute(
            update(budget_override)
            .where(*_of(base), _table.version <= found.version, _table.published.is_(False))
            .values(published=True)
        )
    return found


async def publish_pending(link: RedisLink, ledger: Ledger) -> int:
    """Publish what SQL has and Redis may not; returns how many rules and values that were."""
    query = select(_table.counter, _table.value).where(_table.published.is_(False)).distinct()
    return await _publish_all(link, ledger, await _bases(ledger, query))


async def restore(link: RedisLink, ledger: Ledger) -> None:
    """Put every override into a Redis that may have lost them."""
    query = select(_table.counter, _table.value).distinct()
    await _publish_all(link, ledger, await _bases(ledger, query))


async def _publish_all(link: RedisLink, ledger: Ledger, bases: Sequence[Base]) -> int:
    for base in bases:
        await publish(link, ledger, base)
    return len(bases)


async def _bases(ledger: Ledger, query: Any) -> list[Base]:
    async with reading(ledger.engine) as connection:
        return [(counter, value) for counter, value in await connection.execute(query)]


async def _state(connection: AsyncConnection, base: Base) -> State:
    query = select(budget_override).where(*_of(base)).order_by(_table.version)
    return state_of(await connection.execute(query))


def _of(base: Base) -> tuple[Any, Any]:
    return _table.counter == base[0], _table.value == base[1]
