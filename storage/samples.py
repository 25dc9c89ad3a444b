"""Minute samples of how the machinery stood: a minute without one was downtime."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import is_sqlite, reading, writing
from storage.ledger import Ledger
from storage.tables import health_sample

MINUTE_MS: Final = 60_000
QUARTER_MS: Final = 900_000
KEPT_MS: Final = 90 * 86_400_000
_table = health_sample.c


@dataclass(frozen=True, slots=True)
class Sample:
    """One minute. `proxies` is how many lived; whoever writes it knows that SQL answered."""

    minute_ms: int
    redis: bool
    proxies: int
    outbox_bytes: int


async def write(ledger: Ledger, *samples: Sample) -> None:
    """Keep samples; the first of a minute stands. Those of 90 days before the newest go."""
    dialect: Any = sqlite if is_sqlite(ledger.engine.url) else postgresql
    rows = [
        {
            "minute_ms": sample.minute_ms - sample.minute_ms % MINUTE_MS,
            "redis": sample.redis,
            "proxies": sample.proxies,
            "outbox_bytes": sample.outbox_bytes,
        }
        for sample in samples
    ]
    statement = dialect.insert(health_sample).on_conflict_do_nothing()
    before = max(sample.minute_ms for sample in samples) - KEPT_MS
    async with writing(ledger.engine) as connection:
        await connection.execute(statement, rows)
        await connection.execute(delete(health_sample).where(_table.minute_ms < before))


async def up_by_quarter(ledger: Ledger, since_ms: int) -> dict[int, int]:
    """Minutes in which Redis and SQL answered and a proxy lived, by quarter hour."""
    quarter = _table.minute_ms - _table.minute_ms % QUARTER_MS
    up = case((and_(_table.redis, _table.proxies > 0), 1), else_=0)
    query = select(quarter, func.sum(up)).where(_table.minute_ms >= since_ms).group_by(quarter)
    async with reading(ledger.engine) as connection:
        return {int(at): int(count) for at, count in await connection.execute(query)}


async def first_minute(ledger: Ledger) -> int | None:
    """The oldest sample's minute; None where there is none."""
    async with reading(ledger.engine) as connection:
        found = await connection.scalar(select(func.min(_table.minute_ms)))
    return None if found is None else int(found)
