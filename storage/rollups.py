"""The rollup of the ledger: what was used in each hour and day, by dimensions and pairs of them.

It is written in the transaction that writes the entries, for those alone that are new, so that it
equals the ledger to the nano-dollar at every moment. The database itself sums a batch: one
statement touches each row of the rollup once, and costs the process that drains next to nothing.
A correction counts in the hour in which its call was admitted. Hours and days are those of UTC;
`storage.usage` mends what a zone's borders cut.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    TextClause,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.records import Status
from storage.tables import (
    MEASURES,
    VALUE_CHARACTERS_MAX,
    billing_log,
    usage_execution,
    usage_state,
    usage_sum,
)

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
SPANS: Final[Mapping[str, int]] = MappingProxyType({"hour": HOUR_MS, "day": DAY_MS})

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

KEPT: Final = tuple(
    (span, facet) for facet, by in FACETS.items() for span in SPANS if span == "day" or len(by) < 2
)
"""Pairs are kept by day alone: by hour they would be nearly as many as the calls."""

ROLLUP_KEY: Final = ("span", "facet", "start_ms", "value", "other")
_PLAIN: Final = tuple(name for name in MEASURES if name in billing_log.columns)
_OF_STATUS: Final = (Status.FAILED, Status.VOIDED, Status.ASSUMED, Status.MANUAL, Status.REFUSED)
_NO_CALLS: Final = (Status.REFUSED.value, Status.MANUAL.value)
_DIMENSIONS: Final = tuple(dict.fromkeys(name for by in FACETS.values() for name in by))
_log = billing_log.c


@cache
def measured() -> Mapping[str, ColumnElement[Any]]:
    """What each measure takes of an entry."""
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
    return MappingProxyType({name: found[name] for name in MEASURES})


@cache
def totals(names: tuple[str, ...], *, rolled: bool) -> tuple[ColumnElement[int], ...]:
    """The sums of measures, over the rollup or over the ledger itself.

    Made once: making them took a third of what a page's questions cost this process.
    """
    amounts = {name: usage_sum.c[name] for name in names} if rolled else measured()
    return tuple(func.sum(amounts[name]) for name in names)


def _counted(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((which, _log["count"]), else_=0)


def kept(value: str) -> str:
    """A value as the rollup keeps it."""
    return value[:VALUE_CHARACTERS_MAX]


def lines() -> Select[Any]:
    """Each entry as the rollup counts it."""
    values = [func.substr(_log[name], 1, VALUE_CHARACTERS_MAX).label(name) for name in _DIMENSIONS]
    amounts = [amount.label(name) for name, amount in measured().items()]
    return select(_log.admitted_ms, *values, *amounts)


def sums(span: str, facet: str, of: FromClause) -> Select[Any]:
    """The rows of a facet, in the columns of `usage_sum`, of what `lines()` gave."""
    start = of.c.admitted_ms - of.c.admitted_ms % SPANS[span]
    by: list[ColumnElement[Any]] = [of.c[name] for name in FACETS[facet]]
    value = by[0] if by else literal("")
    other = by[1] if len(by) > 1 else literal("")
    return select(
        literal(span).label("span"),
        literal(facet).label("facet"),
        start.label("start_ms"),
        value.label("value"),
        other.label("other"),
        *(func.sum(of.c[name]).label(name) for name in MEASURES),
    ).group_by(start, *by)


def began() -> Select[Any]:
    """When each execution began."""
    return (
        select(_log.agent, _log.execution_id, func.min(_log.admitted_ms).label("began_ms"))
        .where(_log.execution_id.is_not(None), _log.status != Status.REFUSED.value)
        .group_by(_log.agent, _log.execution_id)
    )


async def count_version(connection: AsyncConnection) -> None:
    """Say that figures have changed."""
    await connection.execute(update(usage_state).values(version=usage_state.c.version + 1))


class Rollup:
    """Adds new entries; its statements are made once: making them costs more than running them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._on_sqlite = engine.dialect.name == "sqlite"
        listed = "(SELECT value FROM json_each(:seqs))" if self._on_sqlite else "ANY (:seqs)"
        place = "billing_log.seq " + ("IN " if self._on_sqlite else "= ") + listed
        is_new: ColumnElement[bool] = literal_column(place)
        self._sums = self._made(engine, _adding(self._dialect, is_new))
        self._runs = self._made(engine, _beginning(self._dialect, is_new))

    @property
    def _dialect(self) -> Any:
        return sqlite if self._on_sqlite else postgresql

    def _made(self, engine: AsyncEngine, statement: Any) -> TextClause:
        options = {"literal_binds": True}
        said = str(statement.compile(dialect=engine.dialect, compile_kwargs=options))
        if self._on_sqlite:
            return text(said)
        return text(said).bindparams(bindparam("seqs", type_=ARRAY(BigInteger)))

    async def add(self, connection: AsyncConnection, seqs: Sequence[int]) -> None:
        """Add entries by their numbers, in the transaction of the caller, who wrote them."""
        if not seqs:
            return
        given = {"seqs": json.dumps(list(seqs)) if self._on_sqlite else list(seqs)}
        await connection.execute(self._sums, given)
        await connection.execute(self._runs, given)
        await count_version(connection)


# Sorted: two writers that lock the same rows in one order cannot deadlock.
def _adding(dialect: Any, is_new: ColumnElement[bool]) -> Any:
    fresh = lines().where(is_new).cte("fresh")
    parts = [sums(span, facet, fresh) for span, facet in KEPT]
    every = union_all(*parts).order_by(*(text(str(at + 1)) for at in range(len(ROLLUP_KEY))))
    statement = dialect.insert(usage_sum).from_select([*ROLLUP_KEY, *MEASURES], every)
    return statement.on_conflict_do_update(
        index_elements=ROLLUP_KEY,
        set_={name: usage_sum.c[name] + statement.excluded[name] for name in MEASURES},
    )


def _beginning(dialect: Any, is_new: ColumnElement[bool]) -> Any:
    mine = usage_execution.c
    some = began().where(is_new).order_by(text("1"), text("2"))
    statement = dialect.insert(usage_execution).from_select(
        ["agent", "execution_id", "began_ms"], some
    )
    earlier = statement.excluded.began_ms
    return statement.on_conflict_do_update(
        index_elements=["agent", "execution_id"],
        set_={"began_ms": earlier},
        where=earlier < mine.began_ms,
    )
