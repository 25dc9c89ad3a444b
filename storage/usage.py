"""What was used, summed from the rollup `usage_sum`: exact, and quick at any size of ledger.

A question by at most two dimensions is answered from the rollup, any other from the ledger.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain, pairwise
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Integer, Select, and_, func, literal, or_, select, text

from config.rules import fold
from storage.database import once, reading
from storage.holds import Interval
from storage.ledger import Ledger
from storage.queries import Asked, among
from storage.records import Status
from storage.rollups import DAY_MS, FACETS, KEPT, SPANS, kept, totals
from storage.tables import (
    MEASURES,
    VALUE_CHARACTERS_MAX,
    billing_log,
    usage_execution,
    usage_state,
    usage_sum,
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
"""How many cut hours or days one statement asks for."""

_log, _sums = billing_log.c, usage_sum.c


@dataclass(frozen=True, slots=True)
class Scope:
    """Which use is meant (filter chips): one value or any of several; None is not asked."""

    agent: Asked = None
    campaign: Asked = None
    model: Asked = None
    endpoint: Asked = None
    key: Asked = None

    def values(self) -> dict[str, tuple[str, ...]]:
        """What is asked of each dimension, as it was given."""
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {
            name: (value,) if isinstance(value, str) else tuple(value)
            for name, value in given
            if value is not None
        }

    def asked(self) -> dict[str, tuple[str, ...]]:
        """The columns of the ledger that are narrowed, with their values, each once."""
        return {
            COLUMN_OF[name]: tuple(
                dict.fromkeys(map(fold, values) if name == "campaign" else values)
            )
            for name, values in self.values().items()
        }


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


async def used(ledger: Ledger, within: Interval, scope: Scope = EVERYTHING) -> Use:
    """Everything of an interval."""
    return (await used_by_bucket(ledger, (within,), scope))[0]


async def used_by_bucket(
    ledger: Ledger, buckets: Sequence[Interval], scope: Scope = EVERYTHING
) -> list[Use]:
    """One sum a bucket; buckets follow each other without a gap."""
    found = await _read(ledger, tuple(buckets), scope, None, MEASURES)
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
    found = await _read(ledger, tuple(buckets), scope, by, (measure,))
    return {value: [sums[0] for sums in each] for value, each in found.items()}


async def pairs(
    ledger: Ledger, within: Interval, scope: Scope = EVERYTHING
) -> list[tuple[str, str]]:
    """Which agents worked for which campaigns (folded)."""
    asked = scope.asked()
    first = and_(
        _log.entry == 0,
        _log.status != Status.REFUSED.value,
        *(among(_log[name], values) for name, values in asked.items()),
    )
    cut = select(_log.agent, _log.campaign_folded).where(first).distinct()
    if not asked.keys() <= set(FACETS["agent_campaign"]):
        part = cut.where(_log.admitted_ms >= within.start_ms, _log.admitted_ms < within.end_ms)
        async with reading(ledger.engine) as connection:
            return sorted({(a, kept(c)) for a, c in await connection.execute(part)})
    start, end = -(-within.start_ms // DAY_MS) * DAY_MS, within.end_ms - within.end_ms % DAY_MS
    query = select(_sums.value, _sums.other).where(
        _sums.span == "day",
        _sums.facet == "agent_campaign",
        _sums.start_ms >= start,
        _sums.start_ms < end,
        _sums.calls + _sums.manual > 0,
        *(among(place, tuple(map(kept, asked[name])))
          for name, place in zip(FACETS["agent_campaign"], (_sums.value, _sums.other), strict=True)
          if name in asked),
    )  # fmt: skip
    rest = [(within.start_ms, min(start, within.end_ms)), (max(end, start), within.end_ms)]
    async with reading(ledger.engine) as connection:
        found = {
            (agent, campaign) for agent, campaign in await connection.execute(query.distinct())
        }
        for since, until in rest:
            if since < until:
                part = cut.where(_log.admitted_ms >= since, _log.admitted_ms < until)
                found |= {(a, kept(c)) for a, c in await connection.execute(part)}
    return sorted(found)


async def executions(ledger: Ledger, within: Interval, scope: Scope = EVERYTHING) -> dict[str, int]:
    """Execution ids by agent: those that began in the interval; where more than an agent is
    asked, those that had a call in it."""
    asked = scope.asked()
    if asked.keys() <= {"agent"}:
        # The rollup knows who was there: each agent's runs are then one stretch of an index.
        there = select(_sums.value).where(
            _sums.span == "day",
            _sums.facet == "agent",
            _sums.start_ms >= within.start_ms - DAY_MS,
            _sums.start_ms < within.end_ms,
            *(among(_sums.value, tuple(map(kept, values))) for values in asked.values()),
        )
        agents, run = there.distinct().subquery(), usage_execution.c
        count = (
            select(func.count())
            .where(
                run.agent == agents.c.value,
                run.began_ms >= within.start_ms,
                run.began_ms < within.end_ms,
            )
            .correlate(agents)
            .scalar_subquery()
        )
        query = select(agents.c.value, count)
    else:
        query = (
            select(_log.agent, func.count(_log.execution_id.distinct()))
            .where(
                _log.admitted_ms >= within.start_ms,
                _log.admitted_ms < within.end_ms,
                _log.status != Status.REFUSED.value,
                *(among(_log[name], values) for name, values in asked.items()),
            )
            .group_by(_log.agent)
        )
    async with reading(ledger.engine) as connection:
        return {agent: int(count) for agent, count in await connection.execute(query) if count}


@once
async def figures_version(ledger: Ledger) -> int:
    """Changes with every append that brought something new: as long as it stays, figures do."""
    async with reading(ledger.engine) as connection:
        return int(await connection.scalar(select(usage_state.c.version)) or 0)


Found = dict[str, list[list[int]]]


@once
async def _read(
    ledger: Ledger,
    buckets: tuple[Interval, ...],
    scope: Scope,
    by: By | None,
    names: tuple[str, ...],
) -> Found:
    """Sums of `names` by value of `by` ("" without) and bucket."""
    asked = scope.asked()
    split = None if by is None else COLUMN_OF[by]
    wanted = {*asked, *([split] if split else [])}
    facet = rolled(wanted)
    if any(len(value) > VALUE_CHARACTERS_MAX for value in chain(*asked.values())):
        facet = None
    sources = [_Source(asked, split, names, facet, span) for span in _spans(facet, buckets)]
    sources.append(_Source(asked, split, names, None, ""))
    found: Found = defaultdict(lambda: [[0] * len(names) for _ in buckets])
    async with reading(ledger.engine) as connection:
        for run in _runs(buckets):
            for at, value, *sums in await connection.execute(sources[0].by_bucket(run)):
                _add(found[value][run.first + int(at)], sums, 1)
        for coarse, fine in pairwise(sources):
            for pieces in _cut_pieces(buckets, coarse.length_ms):
                query = fine.by_piece(pieces, coarse.length_ms)
                for start, value, *sums in await connection.execute(query):
                    piece = pieces[int(start)]
                    if piece.into is not None:
                        _add(found[value][piece.into], sums, 1)
                    if piece.out_of is not None:
                        _add(found[value][piece.out_of], sums, -1)
    return dict(found)


def rolled(columns: Collection[str]) -> str | None:
    """The facet that splits by these columns of the ledger; None: the ledger itself is read."""
    return next((name for name, by in FACETS.items() if set(by) == set(columns)), None)


def _spans(facet: str | None, buckets: Sequence[Interval]) -> list[str]:
    """Of which spans the rollup is read: none where it does not have them."""
    long = buckets[-1].end_ms - buckets[0].start_ms >= DAY_MS * len(buckets)
    return [span for span in ("day", "hour") if (span, facet) in KEPT and (long or span != "day")]


@dataclass(frozen=True, slots=True)
class _Source:
    """One question to one span of the rollup, or to the ledger itself (no facet).

    An hour or day counts where its middle lies: so a zone's borders cut at most half of it off.
    """

    asked: dict[str, tuple[str, ...]]
    split: str | None
    names: tuple[str, ...]
    facet: str | None
    span: str

    @property
    def length_ms(self) -> int:
        return SPANS[self.span]

    @property
    def _half_ms(self) -> int:
        return self.length_ms // 2 if self.facet else 0

    @property
    def _at(self) -> ColumnElement[int]:
        return _sums.start_ms if self.facet else _log.admitted_ms

    def by_bucket(self, run: "_Run") -> Select[Any]:
        """Buckets of one length, counted from 0."""
        bucket = (self._at + (self._half_ms - run.start_ms)).op(
            "/", precedence=8, return_type=Integer()
        )(run.step_ms)
        return self._query(bucket).where(self._within(run.start_ms, run.end_ms))

    def by_piece(self, pieces: Mapping[int, "_Piece"], length_ms: int) -> Select[Any]:
        """Pieces by the start of what they are cut from."""
        start = self._at - self._at % length_ms
        within = [self._within(piece.start_ms, piece.end_ms) for piece in pieces.values()]
        return self._query(start).where(or_(*within))

    def _within(self, start_ms: int, end_ms: int) -> ColumnElement[bool]:
        return and_(self._at >= start_ms - self._half_ms, self._at < end_ms - self._half_ms)

    def _query(self, first: ColumnElement[Any]) -> Select[Any]:
        where: list[ColumnElement[bool]]
        group: ColumnElement[Any] = literal("")
        if self.facet is None:
            where = [among(_log[name], values) for name, values in self.asked.items()]
            if self.split:
                group = func.substr(_log[self.split], 1, VALUE_CHARACTERS_MAX)
        else:
            places = dict(zip(FACETS[self.facet], (_sums.value, _sums.other), strict=False))
            where = [_sums.span == self.span, _sums.facet == self.facet]
            where += [
                among(places[name], tuple(map(kept, values))) for name, values in self.asked.items()
            ]
            if self.split:
                group = places[self.split]
        query = select(first, group, *totals(self.names, rolled=self.facet is not None))
        return query.where(*where).group_by(
            *(text(at) for at in ("1", "2")[: 2 if self.split else 1])
        )


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


def _runs(buckets: Sequence[Interval]) -> Iterator[_Run]:
    first = 0
    for at, bucket in enumerate(buckets):
        step = bucket.end_ms - bucket.start_ms
        last = at + 1 == len(buckets)
        if last or buckets[at + 1].end_ms - buckets[at + 1].start_ms != step:
            yield _Run(first, buckets[first].start_ms, step, at + 1 - first)
            first = at + 1


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of an hour or day that lies in another bucket (None: in none) than its middle."""

    start_ms: int
    end_ms: int
    into: int | None
    out_of: int | None


def _cut_pieces(buckets: Sequence[Interval], length_ms: int) -> Iterator[dict[int, _Piece]]:
    """What to move: by the start of what is cut, one piece of each at a time, some at once."""
    edges = [*(bucket.start_ms for bucket in buckets), buckets[-1].end_ms]

    def holding(at_ms: int) -> int | None:
        at = bisect_right(edges, at_ms) - 1
        return at if 0 <= at < len(buckets) else None

    cuts: dict[int, list[_Piece]] = {}
    for start in dict.fromkeys(edge - edge % length_ms for edge in edges if edge % length_ms):
        end, home = start + length_ms, holding(start + length_ms // 2)
        borders = [start, *(edge for edge in edges if start < edge < end), end]
        parts = [_Piece(a, b, holding(a), home) for a, b in pairwise(borders)]
        cuts[start] = [part for part in parts if part.into != home]
    for turn in range(max(map(len, cuts.values()), default=0)):
        some = [(start, parts[turn]) for start, parts in cuts.items() if turn < len(parts)]
        for begin in range(0, len(some), CUTS_AT_ONCE):
            yield dict(some[begin : begin + CUTS_AT_ONCE])


def _add(total: list[int], sums: Sequence[Any], sign: int) -> None:
    # PostgreSQL sums BIGINT as NUMERIC, which arrives as Decimal.
    for at, amount in enumerate(sums):
        total[at] += sign * int(amount or 0)
