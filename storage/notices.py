"""What in the ledger an admin should look at: refusals, and entries with alarming flags."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select

from storage.database import reading
from storage.ledger import Ledger
from storage.records import Flag, LedgerEntry, Status
from storage.rows import entry_of
from storage.tables import billing_log

_table = billing_log.c


Caller = Literal["agent", "campaign", "key"]
CALLERS: Final[tuple[Caller, ...]] = get_args(Caller)
COLUMN_OF: Final = {"agent": "agent", "campaign": "campaign_folded", "key": "key"}


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused calls that have rule, reason and caller in common."""

    rule: str
    reason: str
    agent: str
    campaign: str
    """Folded."""
    key: str
    """These three are "" where they were not asked for."""
    count: int
    last_ms: int
    since_ms: int
    """The latest of the moments asked for that none of them was before."""


async def refused_since(
    ledger: Ledger, *moments_ms: int, by: Collection[Caller] = ()
) -> list[Refused]:
    """Refused calls by rule, reason and what is asked of the caller, told apart at each moment:
    what a window has is the sum of those with `since_ms` at its start or later."""
    first, *later = sorted(set(moments_ms))
    since: ColumnElement[int] = literal(first)
    if later:
        since = case(
            *((_table.admitted_ms >= moment, moment) for moment in reversed(later)), else_=first
        )
    parts = (
        select(
            _table.rule,
            _table.reason,
            *(
                (_table[COLUMN_OF[each]] if each in by else literal("")).label(each)
                for each in CALLERS
            ),
            _table["count"],
            _table.admitted_ms,
            since.label("since"),
        )
        .where(_table.status == Status.REFUSED.value, _table.admitted_ms >= first)
        .subquery()
        .c
    )
    groups = [parts[name] for name in ("rule", "reason", *CALLERS)]
    query: Select[Any] = select(
        *groups, func.sum(parts["count"]), func.max(parts.admitted_ms), parts.since
    ).group_by(*groups, parts.since)
    async with reading(ledger.engine) as connection:
        return [
            Refused(rule or "", why or "", agent, campaign, key, int(count), int(last), int(since))
            for rule, why, agent, campaign, key, count, last, since in await connection.execute(
                query
            )
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
