"""Does the rollup say what the ledger says? Differences as data, and building it anew."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, literal, or_, select, text, union_all

from storage.database import reading, writing
from storage.ledger import Ledger
from storage.records import Status
from storage.rollups import FACETS, HOUR_MS, count_version, measured
from storage.tables import (
    MEASURES,
    VALUE_CHARACTERS_MAX,
    billing_log,
    usage_execution,
    usage_hour,
)

SHOWN_MAX: Final = 100
"""So many differences of a facet are told: one is enough to rebuild."""

_KEY: Final = ("hour_ms", "value", "other")
_log = billing_log.c


@dataclass(frozen=True, slots=True)
class RollupDifference:
    """An hour of a facet that is not what the ledger's entries add up to."""

    facet: str
    hour_ms: int
    value: str
    other: str
    measures: tuple[tuple[str, int], ...]
    """What has to be added to the rollup, of those measures that are off."""


async def check_rollups(ledger: Ledger) -> tuple[RollupDifference, ...]:
    """Compare the whole rollup with the whole ledger: seconds for a million entries.

    One statement a facet: each sees both at one moment, whatever is appended meanwhile.
    """
    found: list[RollupDifference] = []
    async with reading(ledger.engine) as connection:
        for facet in FACETS:
            for row in await connection.execute(_differences(facet)):
                hour, value, other, *off = row
                amounts = [int(amount or 0) for amount in off]
                named = zip(MEASURES, amounts, strict=True)
                measures = tuple((name, amount) for name, amount in named if amount)
                found.append(RollupDifference(facet, int(hour), value, other, measures))
        for agent, run, off in await connection.execute(_differing_executions()):
            measures = (("began_ms", int(off or 0)),)
            found.append(RollupDifference("execution", 0, agent, run, measures))
    return tuple(found)


async def rebuild_rollups(ledger: Ledger) -> None:
    """Build the rollup anew from the ledger, in one transaction."""
    async with writing(ledger.engine) as connection:
        if connection.dialect.name == "postgresql":
            # Whoever appends waits before it adds to the rollup: nothing counts twice or never.
            await connection.execute(
                text("LOCK TABLE usage_hour, usage_execution IN EXCLUSIVE MODE")
            )
        await connection.execute(delete(usage_hour))
        names = ["facet", *_KEY, *MEASURES]
        for facet in FACETS:
            truth = _truth(facet).subquery()
            query = select(literal(facet), *truth.c)
            await connection.execute(insert(usage_hour).from_select(names, query))
        await connection.execute(delete(usage_execution))
        await connection.execute(
            insert(usage_execution).from_select(
                ["agent", "execution_id", "began_ms"], _executions()
            )
        )
        await count_version(connection)


def _truth(facet: str) -> Select[Any]:
    """The facet as the ledger has it."""
    hour = (_log.admitted_ms - _log.admitted_ms % HOUR_MS).label("hour_ms")
    columns: list[Any] = [
        func.substr(_log[name], 1, VALUE_CHARACTERS_MAX) for name in FACETS[facet]
    ]
    columns += [literal("")] * (2 - len(columns))
    value, other = columns[0].label("value"), columns[1].label("other")
    sums = [func.sum(amount).label(name) for name, amount in measured().items()]
    return select(hour, value, other, *sums).group_by(text("1"), text("2"), text("3"))


def _differences(facet: str) -> Select[Any]:
    truth = _truth(facet).subquery()
    mine = usage_hour.c
    both = union_all(
        select(*(truth.c[name] for name in (*_KEY, *MEASURES))),
        select(
            *(mine[name] for name in _KEY), *((-mine[name]).label(name) for name in MEASURES)
        ).where(mine.facet == facet),
    ).subquery()
    key = [both.c[name] for name in _KEY]
    off = [func.sum(both.c[name]) for name in MEASURES]
    wrong = or_(*(amount != 0 for amount in off))
    return select(*key, *off).group_by(*key).having(wrong).order_by(*key).limit(SHOWN_MAX)


def _executions() -> Select[Any]:
    return (
        select(_log.agent, _log.execution_id, func.min(_log.admitted_ms).label("began_ms"))
        .where(_log.execution_id.is_not(None), _log.status != Status.REFUSED.value)
        .group_by(_log.agent, _log.execution_id)
    )


def _differing_executions() -> Select[Any]:
    truth, mine = _executions().subquery(), usage_execution.c
    both = union_all(
        select(truth.c.agent, truth.c.execution_id, truth.c.began_ms),
        select(mine.agent, mine.execution_id, (-mine.began_ms).label("began_ms")),
    ).subquery()
    off = func.sum(both.c.began_ms)
    run = (both.c.agent, both.c.execution_id)
    return select(*run, off).group_by(*run).having(off != 0).order_by(*run).limit(SHOWN_MAX)
