"""Campaigns: their status, budget and revenue in SQL; those that take no calls in Redis.

SQL comes first, as for overrides: `published` says whether Redis has the status.
"""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from config.rules import fold, value_digest
from storage import scripts
from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.errors import Conflict, NotReady
from storage.ledger import Ledger
from storage.redis_link import RedisLink
from storage.tables import campaign

ACTIVE = "active"
_table = campaign.c


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign as SQL has it. Amounts in nano-dollars; None where nobody said."""

    name: str
    status: str = ACTIVE
    budget_nano: int | None = None
    revenue_nano: int | None = None
    changed_ms: int = 0


async def find(ledger: Ledger, name: str) -> Campaign:
    """The campaign of this name in any case; an active one where nobody has said anything."""
    query = select(campaign).where(_table.campaign == fold(name))
    async with reading(ledger.engine) as connection:
        row = (await connection.execute(query)).one_or_none()
    return Campaign(name) if row is None else _campaign(row)


async def change(
    ledger: Ledger,
    name: str,
    act: Act,
    *,
    at_ms: int | None = None,
    expected_status: str | None = None,
    **values: Any,
) -> Campaign:
    """Set some of status, budget and revenue, with an audit line; `published` goes with them.

    `at_ms` is when it was said, where that is not now. Raises `Conflict` where the status is
    not the one `expected_status`, or somebody else writes at this moment.
    """
    folded = fold(name)
    now_ms = int(time.time() * 1000) if at_ms is None else at_ms
    async with writing(ledger.engine) as connection:
        query = select(campaign).where(_table.campaign == folded).with_for_update()
        before = (await connection.execute(query)).one_or_none()
        status = ACTIVE if before is None else before.status
        if expected_status not in (None, status):
            raise Conflict(
                f"the campaign is {status}, not {expected_status}: somebody has changed it; "
                "read it again"
            )
        if before is None:
            row = {"campaign": folded, "name": name, "changed_ms": now_ms, **values}
            try:
                async with connection.begin_nested():
                    await connection.execute(insert(campaign).values(**row))
            except IntegrityError as error:
                raise Conflict(
                    "somebody else says something of this campaign at this moment: try again"
                ) from error
        else:
            row = {"changed_ms": max(now_ms, before.changed_ms + 1), **values}
            await connection.execute(
                update(campaign).where(_table.campaign == folded).values(**row)
            )
        await write_line(connection, act, now_ms)
        query = select(campaign).where(_table.campaign == folded)
        return _campaign((await connection.execute(query)).one())


async def publish(link: RedisLink, ledger: Ledger, name: str) -> Campaign:
    """Put a campaign's status into Redis, then mark it; returns the campaign. Safe to repeat."""
    found = await find(ledger, name)
    status = "" if found.status == ACTIVE else found.status
    answer = await link.run(scripts.BLOCK, value_digest(name), found.changed_ms, status)
    if answer not in (["ok"], ["older"]):
        raise NotReady("Redis did not take the campaign's status")
    async with writing(ledger.engine) as connection:
        await connection.execute(
            update(campaign)
            .where(
                _table.campaign == fold(name),
                _table.changed_ms <= found.changed_ms,
                _table.published.is_(False),
            )
            .values(published=True)
        )
    return found


async def publish_pending(link: RedisLink, ledger: Ledger) -> int:
    """Publish what SQL has and Redis may not; returns how many campaigns that were."""
    return await _publish_all(link, ledger, _table.published.is_(False))


async def restore(link: RedisLink, ledger: Ledger) -> None:
    """Put every campaign's status into a Redis that may have lost it, or has an older one."""
    await _publish_all(link, ledger, _table.campaign != "")


async def _publish_all(link: RedisLink, ledger: Ledger, which: Any) -> int:
    async with reading(ledger.engine) as connection:
        names = [name for (name,) in await connection.execute(select(_table.name).where(which))]
    for name in names:
        await publish(link, ledger, name)
    return len(names)


def _campaign(row: Any) -> Campaign:
    return Campaign(row.name, row.status, row.budget_nano, row.revenue_nano, row.changed_ms)
