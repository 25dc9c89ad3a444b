"""The rollup of the ledger: what was used in each hour, by single dimensions and by pairs.

It is written in the transaction that writes the entries, for those alone that are new, so that it
equals the ledger to the nano-dollar at every moment. A correction counts in the hour in which its
call was admitted. Hours are those of UTC; `storage.usage` mends zones whose days begin inside one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, literal, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.records import Status
from storage.rows import Row
from storage.tables import (
    MEASURES,
    VALUE_CHARACTERS_MAX,
    billing_log,
    usage_execution,
    usage_hour,
    usage_state,
)

HOUR_MS: Final = 3_600_000

FACETS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "total": (),
        "agent": ("agent",),
        "campaign": ("campaign_folded",),
        "model": ("requested_model",),
        "endpoint": ("endpoint",),
        "key": ("key",),
        "agent_campaign": ("agent", "campaign_folded"),
        "agent_model": ("agent", "requested_model"),
        "agent_endpoint": ("agent", "endpoint"),
        "campaign_model": ("campaign_folded", "requested_model"),
    }
)
"""Columns of the ledger by which a facet splits: kept in `value` and `other`."""

_PLAIN: Final = tuple(name for name in MEASURES if name in billing_log.columns)
_OF_STATUS: Final = (Status.FAILED, Status.VOIDED, Status.ASSUMED, Status.MANUAL, Status.REFUSED)
_NO_CALLS: Final = (Status.REFUSED.value, Status.MANUAL.value)
_log = billing_log.c


def measured() -> dict[str, ColumnElement[Any]]:
    """What each measure takes of an entry, as SQL has it."""
    first = _log.entry == 0
    found: dict[str, ColumnElement[Any]] = {name: _log[name] for name in _PLAIN}
    found["entries"] = literal(1)
    found["calls"] = _counted(and_(first, _log.status.not_in(_NO_CALLS)))
    for status in _OF_STATUS:
        found[status.value] = _counted(and_(first, _log.status == status.value))
    is_lone = and_(first, _log.status != Status.REFUSED.value, _log.execution_id.is_(None))
    found["lone"] = _counted(is_lone)
    for name in ("latency", "ttfb"):
        column = _log[f"{name}_ms"]
        found[f"{name}_ms_sum"] = func.coalesce(column, 0)
        found[f"{name}_count"] = case((column.is_(None), 0), else_=1)
    return {name: found[name] for name in MEASURES}


def _counted(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((which, _log["count"]), else_=0)


def measures_of(row: Row) -> dict[str, int]:
    """The same of a row that is being written."""
    first, status = row["entry"] == 0, row["status"]
    count: int = row["count"] if first else 0
    found: dict[str, int] = {name: row[name] for name in _PLAIN}
    found["entries"] = 1
    found["calls"] = 0 if status in _NO_CALLS else count
    for each in _OF_STATUS:
        found[each.value] = count if status == each.value else 0
    is_lone = status != Status.REFUSED.value and row["execution_id"] is None
    found["lone"] = count if is_lone else 0
    for name in ("latency", "ttfb"):
        taken = row[f"{name}_ms"]
        found[f"{name}_ms_sum"] = taken or 0
        found[f"{name}_count"] = int(taken is not None)
    return found


def kept(value: str) -> str:
    """A value as the rollup keeps it."""
    return value[:VALUE_CHARACTERS_MAX]


async def add_usage(
    connection: AsyncConnection, insert: Callable[[Any], Any], rows: Iterable[Row]
) -> None:
    """Add new rows in the caller's transaction; `insert` is the dialect's own."""
    hours: dict[tuple[str, int, str, str], list[int]] = defaultdict(lambda: [0] * len(MEASURES))
    began: dict[tuple[str, str], int] = {}
    for row in rows:
        amounts = [measures_of(row)[name] for name in MEASURES]
        hour = row["admitted_ms"] - row["admitted_ms"] % HOUR_MS
        for facet, columns in FACETS.items():
            value, other = [kept(row[column]) for column in columns] + [""] * (2 - len(columns))
            total = hours[facet, hour, value, other]
            for at, amount in enumerate(amounts):
                total[at] += amount
        if row["execution_id"] is not None and row["status"] != Status.REFUSED.value:
            run = (row["agent"], row["execution_id"])
            began[run] = min(began.get(run, row["admitted_ms"]), row["admitted_ms"])
    if hours:
        # Sorted: two writers that lock the same rows in one order cannot deadlock.
        await connection.execute(_adding(insert), [_hour(key, hours[key]) for key in sorted(hours)])
        if began:
            await connection.execute(_beginning(insert), [_run(k, began[k]) for k in sorted(began)])
        await count_version(connection)


async def count_version(connection: AsyncConnection) -> None:
    """Say that figures have changed."""
    await connection.execute(update(usage_state).values(version=usage_state.c.version + 1))


def _hour(key: tuple[str, int, str, str], amounts: list[int]) -> dict[str, Any]:
    names = ("facet", "hour_ms", "value", "other")
    return dict(zip(names, key, strict=True)) | dict(zip(MEASURES, amounts, strict=True))


def _run(run: tuple[str, str], began_ms: int) -> dict[str, Any]:
    return {"agent": run[0], "execution_id": run[1], "began_ms": began_ms}


def _adding(insert: Callable[[Any], Any]) -> Any:
    statement = insert(usage_hour)
    return statement.on_conflict_do_update(
        index_elements=["facet", "hour_ms", "value", "other"],
        set_={name: usage_hour.c[name] + statement.excluded[name] for name in MEASURES},
    )


def _beginning(insert: Callable[[Any], Any]) -> Any:
    statement = insert(usage_execution)
    earlier = statement.excluded.began_ms
    return statement.on_conflict_do_update(
        index_elements=["agent", "execution_id"],
        set_={"began_ms": earlier},
        where=earlier < usage_execution.c.began_ms,
    )
