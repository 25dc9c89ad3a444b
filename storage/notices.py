"""What in the ledger an admin should look at: refusals, and entries with alarming flags."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from storage.database import reading
from storage.ledger import Ledger
from storage.records import Flag, LedgerEntry, Status
from storage.rows import entry_of
from storage.tables import billing_log

_table = billing_log.c


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused calls that have rule, reason and caller in common."""

    rule: str
    reason: str
    agent: str
    campaign: str
    """Folded."""
    key: str
    count: int
    last_ms: int


async def refused_since(ledger: Ledger, since_ms: int) -> list[Refused]:
    """Refused calls by rule, reason and caller."""
    by = (_table.rule, _table.reason, _table.agent, _table.campaign_folded, _table.key)
    query = (
        select(*by, func.sum(_table["count"]), func.max(_table.admitted_ms))
        .where(_table.status == Status.REFUSED.value, _table.admitted_ms >= since_ms)
        .group_by(*by)
    )
    async with reading(ledger.engine) as connection:
        return [
            Refused(rule or "", reason or "", agent, campaign, key, int(count), int(last))
            for rule, reason, agent, campaign, key, count, last in await connection.execute(query)
        ]


async def flagged_since(
    ledger: Ledger, since_ms: int, flags: Iterable[Flag], limit: int
) -> list[LedgerEntry]:
    """Entries admitted since then that bear one of `flags`, newest first."""
    has = or_(*(_table.flags.contains(flag.value) for flag in flags))
    query = (
        select(billing_log)
        .where(_table.admitted_ms >= since_ms, has)
        .order_by(_table.admitted_ms.desc(), _table.id.desc())
        .limit(limit)
    )
    async with reading(ledger.engine) as connection:
        return [entry_of(row) for row in (await connection.execute(query)).mappings()]
