"""Purser's keys in SQL: rows in and out of the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

import orjson
from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from config.rules import fold
from storage.errors import KeyProblem
from storage.key_records import KeyRecord
from storage.tables import api_key

_LISTS: Final = ("models", "endpoints")
_column = api_key.c


async def insert_row(connection: AsyncConnection, record: KeyRecord, now_ms: int) -> None:
    """Write a new key; raises `KeyProblem` where a live one has its name."""
    live_name = fold(record.name)
    # The name of a key that ended by itself is free again.
    ended = update(api_key).where(_column.live_name == live_name, _column.expires_ms <= now_ms)
    await connection.execute(ended.values(live_name=None))
    row = asdict(record) | {name: orjson.dumps(asdict(record)[name]).decode() for name in _LISTS}
    row |= {"name_folded": live_name, "live_name": live_name, "published": False}
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(api_key).on_conflict_do_nothing(index_elements=["live_name"])
    if not (await connection.execute(statement.returning(_column.id), row)).first():
        raise KeyProblem(
            f"a live key is called {record.name!r} already: rotate or revoke it, or choose "
            "another name"
        )


async def change_row(connection: AsyncConnection, record: KeyRecord) -> None:
    """Write the end of a key that `record` has in its new version; its name is free from now on."""
    await connection.execute(
        update(api_key)
        .where(_column.id == record.id)
        .values(
            expires_ms=record.expires_ms,
            revoked_ms=record.revoked_ms,
            version=record.version,
            live_name=None,
            published=False,
        )
    )


async def rows_named(connection: AsyncConnection, named: str) -> list[KeyRecord]:
    """Keys of a name, or the one of an id or prefix; the one that has the name first.

    The rows stay locked until the transaction ends: changes of one key wait for each other.
    """
    query = select(api_key).where(
        or_(
            _column.name_folded == fold(named),
            _column.id == named,
            _column.prefix == named,
        )
    )
    return await _records(connection, query.with_for_update())


async def rows_all(connection: AsyncConnection) -> list[KeyRecord]:
    """Every key, the newest first."""
    return await _records(connection, select(api_key))


async def rows_unpublished(connection: AsyncConnection) -> list[KeyRecord]:
    """Those of which Redis does not have the newest version."""
    return await _records(connection, select(api_key).where(_column.published.is_(False)))


async def mark_published(connection: AsyncConnection, records: Iterable[KeyRecord]) -> None:
    """Note that Redis has these versions."""
    for record in records:
        same = (_column.id == record.id) & (_column.version == record.version)
        await connection.execute(update(api_key).where(same).values(published=True))


async def write_uses(connection: AsyncConnection, uses: Mapping[str, int]) -> None:
    """Note the last use of keys by their digests."""
    for digest, used_ms in sorted(uses.items()):
        earlier = or_(_column.last_used_ms.is_(None), _column.last_used_ms < used_ms)
        await connection.execute(
            update(api_key).where(_column.digest == digest, earlier).values(last_used_ms=used_ms)
        )


async def _records(connection: AsyncConnection, query: Any) -> list[KeyRecord]:
    ordered = query.order_by(_column.live_name.is_(None), _column.created_ms.desc(), _column.id)
    found = []
    for row in (await connection.execute(ordered)).mappings():
        values = {part.name: row[part.name] for part in fields(KeyRecord)}
        found.append(
            KeyRecord(**values | {name: tuple(orjson.loads(row[name])) for name in _LISTS})
        )
    return found
