"""What was used, summed from the rollup `usage_hour`: exact, and quick at any size of ledger.

A question by at most two dimensions is answered from the rollup, any other from the ledger.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.rules import fold
from storage.database import reading
from storage.holds import Interval
from storage.ledger import Ledger
from storage.records import Status
from storage.rollups import FACETS, HOUR_MS, kept, measured
from storage.tables import (
    MEASURES,
    billing_log,
    usage_execution,
    usage_hour,
    usage_state,
)

By = Literal["agent", "campaign", "model", "endpoint", "key"]
COLUMN_OF: Final[dict[str, str]] = {
    "agent": "agent",
    "campaign": "campaign_folded",
    "model": "requested_model",
    "endpoint": "endpoint",
    "key": "key",
}
CUTS_AT_ONCE: Final = 50
"""How many cut hours one statement asks for."""

_log, _hours = billing_log.c, usage_hour.c


@dataclass(frozen=True, slots=True)
class Scope:
    """Which use is meant (filter chips); what is None is not asked."""

    agent: str | None = None
    campaign: str | None = None
    model: str | None = None
    endpoint: str | None = None
    key: str | None = None

    def asked(self) -> dict[str, str]:
        """The columns of the ledger that are narrowed, with their values."""
        found: dict[str, str] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                found[COLUMN_OF[field.name]] = fold(value) if field.name == "campaign" else value
        return found


EVERYTHING: Final = Scope()


@dataclass(frozen=True, slots=True)
class Use:
    """Sums. Amounts nano-dollars. `calls` are those let through; tokens of all entries."""

    entries: int = 0
    charge_nano: int = 0
    provider_nano: int = 0
    dearer_nano: int = 0
    held_nano: int = 0
    calls: int = 0
    failed: int = 0
    voided: int = 0
    assumed: int = 0
    manual: int = 0
    refused: int = 0
    lone: int = 0
    """Calls and manual costs without an execution id."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    latency_ms_sum: int = 0
    latency_count: int = 0
    ttfb_ms_sum: int = 0
    ttfb_count: int = 0

    @property
    def tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens

    def amount(self, counts: str) -> int:
        """What a rule that counts `charge`, `provider` or `dearer` sees."""
        return int(getattr(self, f"{counts}_nano"))


@dataclass(frozen=True, slots=True)
class _Run:
    """Buckets of one length, one after the other: one division tells them apart."""

    first: int
    start_ms: int
    step_ms: int
    count: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.step_ms * self.count


async def used(ledger: Ledger, within: Interval, scope: Scope = EVERYTHING) -> Use:
    """Everything of an interval."""
    return (await used_by_bucket(ledger, (within,), scope))[0]


async def used_by_bucket(
    ledger: Ledger, buckets: Sequence[Interval], scope: Scope = EVERYTHING
) -> list[Use]:
    """One sum a bucket; buckets follow each other without a gap."""
    found = await _read(ledger, buckets, scope, None, MEASURES)
    return [Use(*sums) for sums in found.get("", [[0] * len(MEASURES)] * len(buckets))]


async def used_by(
    ledger: Ledger, by: By, within: Interval, scope: Scope = EVERYTHING
) -> dict[str, Use]:
    """One sum for each value of a dimension; campaigns come folded."""
    found = await _read(ledger, (within,), scope, by, MEASURES)
    return {value: Use(*sums[0]) for value, sums in found.items() if any(sums[0])}


async def series_by(
    ledger: Ledger, by: By, buckets: Sequence[Interval], measure: str, scope: Scope = EVERYTHING
) -> dict[str, list[int]]:
    """One measure (a name of `MEASURES`) by value of a dimension and bucket."""
    found = await _read(ledger, buckets, scope, by, (measure,))
    return {value: [sums[0] for sums in each] for value, each in found.items()}


async def pairs(ledger: Ledger, within: Interval) -> list[tuple[str, str]]:
    """Which agents worked for which campaigns (folded)."""
    whole = _whole_hours(within)
    # Each pair that could be is one probe of an index, which ends at the first hour it finds.
    agents = select(_hours.value).where(_hours.facet == "agent", *whole).distinct().subquery()
    campaigns = select(_hours.value).where(_hours.facet == "campaign", *whole).distinct().subquery()
    met = exists().where(
        _hours.facet == "agent_campaign",
        _hours.value == agents.c.value,
        _hours.other == campaigns.c.value,
        *whole,
        _hours.calls + _hours.manual > 0,
    )
    met = met.correlate(agents, campaigns)
    query = select(agents.c.value, campaigns.c.value).join_from(agents, campaigns, true())
    query = query.where(met)
    first = and_(_log.entry == 0, _log.status != Status.REFUSED.value)
    edges = [(edge, _ceiling(edge)) for edge in (within.start_ms, within.end_ms) if edge % HOUR_MS]
    async with reading(ledger.engine) as connection:
        found = {(agent, campaign) for agent, campaign in await connection.execute(query)}
        for start, end in _partial(within, edges):
            cut = select(_log.agent, _log.campaign_folded).where(
                _log.admitted_ms >= start, _log.admitted_ms < end, first
            )
            found |= {(a, kept(c)) for a, c in await connection.execute(cut.distinct())}
    return sorted(found)


def _partial(within: Interval, edges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The parts of cut hours that lie inside."""
    for edge, _ in edges:
        floor = edge - edge % HOUR_MS
        yield max(within.start_ms, floor), min(within.end_ms, floor + HOUR_MS)


def _whole_hours(within: Interval) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    start, end = _ceiling(within.start_ms), within.end_ms - within.end_ms % HOUR_MS
    return _hours.hour_ms >= start, _hours.hour_ms < end


async def executions(ledger: Ledger, within: Interval, scope: Scope = EVERYTHING) -> dict[str, int]:
    """Execution ids by agent: those that began in the interval; where more than an agent is
    asked, those that had a call in it."""
    asked = scope.asked()
    if asked.keys() <= {"agent"}:
        table = usage_execution.c
        query = select(table.agent, func.count()).where(
            table.began_ms >= within.start_ms, table.began_ms < within.end_ms
        )
        query = query.group_by(table.agent)
        if scope.agent is not None:
            query = query.where(table.agent == scope.agent)
    else:
        query = (
            select(_log.agent, func.count(_log.execution_id.distinct()))
            .where(
                _log.admitted_ms >= within.start_ms,
                _log.admitted_ms < within.end_ms,
                _log.status != Status.REFUSED.value,
                *(_log[name] == value for name, value in asked.items()),
            )
            .group_by(_log.agent)
        )
    async with reading(ledger.engine) as connection:
        return {agent: int(count) for agent, count in await connection.execute(query)}


async def figures_version(ledger: Ledger) -> int:
    """Changes with every append that brought something new: as long as it stays, figures do."""
    async with reading(ledger.engine) as connection:
        return int(await connection.scalar(select(usage_state.c.version)) or 0)


Sums = dict[str, list[list[int]]]


async def _read(
    ledger: Ledger,
    buckets: Sequence[Interval],
    scope: Scope,
    by: By | None,
    names: Sequence[str],
) -> Sums:
    """Sums of `names` by value of `by` ("" without) and bucket."""
    asked = scope.asked()
    split = None if by is None else COLUMN_OF[by]
    wanted = {*asked, *([split] if split else [])}
    facet = next((name for name, columns in FACETS.items() if set(columns) == wanted), None)
    found: Sums = defaultdict(lambda: [[0] * len(names) for _ in buckets])
    async with reading(ledger.engine) as connection:
        for run in _runs(buckets):
            if facet is None:
                query = _raw(asked, split, names, run)
            else:
                query = _rolled(facet, asked, split, names, run)
            for at, value, *sums in await connection.execute(query):
                _add(found[value][run.first + int(at)], sums, 1)
        if facet is not None:
            await _mend(connection, buckets, asked, split, names, found)
    return dict(found)


def _rolled(
    facet: str, asked: dict[str, str], split: str | None, names: Sequence[str], run: _Run
) -> Select[Any]:
    places = dict(zip(FACETS[facet], (_hours.value, _hours.other), strict=False))
    group: ColumnElement[Any] = places[split] if split else literal("")
    bucket = _division(_hours.hour_ms - run.start_ms, run.step_ms)
    query = select(bucket, group, *(func.sum(_hours[name]) for name in names)).where(
        _hours.facet == facet,
        _hours.hour_ms >= run.start_ms,
        _hours.hour_ms < run.end_ms,
        *(places[name] == kept(value) for name, value in asked.items()),
    )
    if asked and len(FACETS[facet]) == 1:
        # The index by value goes on with the second one, which a single dimension has not.
        query = query.where(_hours.other == "")
    return query.group_by(bucket, group) if split else query.group_by(bucket)


def _raw(asked: dict[str, str], split: str | None, names: Sequence[str], run: _Run) -> Select[Any]:
    bucket = _division(_log.admitted_ms - run.start_ms, run.step_ms)
    return _of_ledger(asked, split, names, bucket).where(
        _log.admitted_ms >= run.start_ms, _log.admitted_ms < run.end_ms
    )


def _of_ledger(
    asked: dict[str, str], split: str | None, names: Sequence[str], bucket: ColumnElement[Any]
) -> Select[Any]:
    amounts = measured()
    group: ColumnElement[Any] = _log[split] if split else literal("")
    query = select(bucket, group, *(func.sum(amounts[name]) for name in names))
    query = query.where(*(_log[name] == value for name, value in asked.items()))
    return query.group_by(bucket, group) if split else query.group_by(bucket)


async def _mend(
    connection: AsyncConnection,
    buckets: Sequence[Interval],
    asked: dict[str, str],
    split: str | None,
    names: Sequence[str],
    found: Sums,
) -> None:
    """Move what was admitted in an hour that a bucket's border cuts, after the border.

    The rollup's hour counts where it begins: what follows the border in it belongs to the bucket
    after, and is taken from the bucket before.
    """
    edges = [*(bucket.start_ms for bucket in buckets), buckets[-1].end_ms]
    cuts = {edge - edge % HOUR_MS: at for at, edge in enumerate(edges) if edge % HOUR_MS}
    hours = sorted(cuts)
    hour = _log.admitted_ms - _log.admitted_ms % HOUR_MS
    for begin in range(0, len(hours), CUTS_AT_ONCE):
        some = hours[begin : begin + CUTS_AT_ONCE]
        within = [
            and_(_log.admitted_ms >= edges[cuts[h]], _log.admitted_ms < h + HOUR_MS) for h in some
        ]
        query = _of_ledger(asked, split, names, hour).where(or_(*within))
        for start, value, *sums in await connection.execute(query):
            at = cuts[int(start)]
            value = kept(value)
            if at < len(buckets):
                _add(found[value][at], sums, 1)
            if at:
                _add(found[value][at - 1], sums, -1)


def _add(total: list[int], sums: Sequence[Any], sign: int) -> None:
    # PostgreSQL sums BIGINT as NUMERIC, which arrives as Decimal.
    for at, amount in enumerate(sums):
        total[at] += sign * int(amount or 0)


def _runs(buckets: Sequence[Interval]) -> Iterator[_Run]:
    first = 0
    for at, bucket in enumerate(buckets):
        step = bucket.end_ms - bucket.start_ms
        last = at + 1 == len(buckets)
        if last or buckets[at + 1].end_ms - buckets[at + 1].start_ms != step:
            yield _Run(first, buckets[first].start_ms, step, at + 1 - first)
            first = at + 1


def _division(part: ColumnElement[Any], step_ms: int) -> ColumnElement[Any]:
    """Whole numbers on both engines."""
    return part.op("/", precedence=8, return_type=Integer())(step_ms)


def _ceiling(time_ms: int) -> int:
    return -(-time_ms // HOUR_MS) * HOUR_MS
