"""Does the rollup say what the ledger says? Differences as data, and building it anew."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, literal, or_, select, text, union_all

from storage.database import reading, writing
from storage.ledger import Ledger
from storage.rollups import DAY_MS, KEPT, ROLLUP_KEY, began, count_version, lines, sums
from storage.tables import MEASURES, usage_execution, usage_sum

SHOWN_MAX: Final = 100
"""So many differences of a facet are told: one is enough to rebuild."""

_PLACE: Final = ("start_ms", "value", "other")


@dataclass(frozen=True, slots=True)
class RollupDifference:
    """An hour or day of a facet that is not what the ledger's entries add up to."""

    span: str
    facet: str
    start_ms: int
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
        for span, facet in KEPT:
            for row in await connection.execute(_differences(span, facet)):
                start, value, other, *off = row
                amounts = [int(amount or 0) for amount in off]
                named = zip(MEASURES, amounts, strict=True)
                measures = tuple((name, amount) for name, amount in named if amount)
                found.append(RollupDifference(span, facet, int(start), value, other, measures))
        for agent, run, off in await connection.execute(_differing_executions()):
            measures = (("began_ms", int(off or 0)),)
            found.append(RollupDifference("execution", "agent", 0, agent, run, measures))
    return tuple(found)


async def rebuild_rollups(ledger: Ledger) -> None:
    """Build the rollup anew from the ledger, in one transaction."""
    async with writing(ledger.engine) as connection:
        if connection.dialect.name == "postgresql":
            # Whoever appends waits before it adds to the rollup: nothing counts twice or never.
            await connection.execute(
                text("LOCK TABLE usage_sum, usage_execution IN EXCLUSIVE MODE")
            )
        await connection.execute(delete(usage_sum))
        names = [*ROLLUP_KEY, *MEASURES]
        by_hour = {facet for span, facet in KEPT if span == "hour"}
        for span, facet in KEPT:
            if span == "hour" or facet not in by_hour:
                query = sums(span, facet, lines().subquery())
                await connection.execute(insert(usage_sum).from_select(names, query))
        await connection.execute(insert(usage_sum).from_select(names, _days_of_hours()))
        await connection.execute(delete(usage_execution))
        await connection.execute(
            insert(usage_execution).from_select(["agent", "execution_id", "began_ms"], began())
        )
        await count_version(connection)


def _days_of_hours() -> Select[Any]:
    """What is kept by hour, by day."""
    mine = usage_sum.c
    day = mine.start_ms - mine.start_ms % DAY_MS
    amounts = [func.sum(mine[name]) for name in MEASURES]
    query = select(literal("day"), mine.facet, day, mine.value, mine.other, *amounts)
    return query.where(mine.span == "hour").group_by(text("2"), text("3"), text("4"), text("5"))


def _differences(span: str, facet: str) -> Select[Any]:
    truth, mine = sums(span, facet, lines().subquery()).subquery(), usage_sum.c
    both = union_all(
        select(*(truth.c[name] for name in (*_PLACE, *MEASURES))),
        select(
            *(mine[name] for name in _PLACE), *((-mine[name]).label(name) for name in MEASURES)
        ).where(mine.span == span, mine.facet == facet),
    ).subquery()
    key = [both.c[name] for name in _PLACE]
    off = [func.sum(both.c[name]) for name in MEASURES]
    wrong = or_(*(amount != 0 for amount in off))
    return select(*key, *off).group_by(*key).having(wrong).order_by(*key).limit(SHOWN_MAX)


def _differing_executions() -> Select[Any]:
    truth, mine = began().subquery(), usage_execution.c
    both = union_all(
        select(truth.c.agent, truth.c.execution_id, truth.c.began_ms),
        select(mine.agent, mine.execution_id, (-mine.began_ms).label("began_ms")),
    ).subquery()
    off = func.sum(both.c.began_ms)
    run = (both.c.agent, both.c.execution_id)
    return select(*run, off).group_by(*run).having(off != 0).order_by(*run).limit(SHOWN_MAX)
