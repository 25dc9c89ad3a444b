"""What admins ask the ledger: lists by page, sums by agent and campaign, spend by quarter hour.

Lists go by admission time and row number, newest first: with the time alone, with an agent or
with a campaign they are read from an index in that order, however large the ledger is.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from config.rules import UNATTRIBUTED, Dimension, Rule, fold
from storage.database import reading, rows_of
from storage.ledger import Ledger
from storage.records import Flag, LedgerEntry, Status
from storage.rows import entry_of
from storage.sums import COLUMNS
from storage.tables import billing_log, campaign_cost

BUCKET_MS: Final = 900_000
"""A quarter of an hour: every zone's days begin on one."""

CHARGED: Final = (Status.SETTLED.value, Status.ASSUMED.value)
Asked = str | tuple[str, ...] | None
"""One value, any of several, or no matter which."""
_table = billing_log.c


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are meant; what is None is not asked. Times by `admitted_ms`."""

    since_ms: int | None = None
    until_ms: int | None = None
    agent: Asked = None
    campaign: Asked = None
    task: Asked = None
    key: Asked = None
    model: Asked = None
    endpoint: Asked = None
    status: Asked = None
    execution_id: str | None = None
    request_id: str | None = None
    hold_id: str | None = None
    call: Asked = None
    """The id of a hold, of a request or of an execution."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL has them."""
        found: list[ColumnElement[bool]] = []
        if self.since_ms is not None:
            found.append(_table.admitted_ms >= self.since_ms)
        if self.until_ms is not None:
            found.append(_table.admitted_ms < self.until_ms)
        if self.call is not None:
            ids = (_table.hold_id, _table.request_id, _table.execution_id)
            found.append(or_(*(among(column, self.call) for column in ids)))
        asked: dict[ColumnElement[str], Asked] = {
            _table.campaign_folded: _folded(self.campaign),
            _table.agent: self.agent,
            _table.task: self.task,
            _table.key: self.key,
            _table.requested_model: self.model,
            _table.endpoint: self.endpoint,
            _table.status: self.status,
            _table.execution_id: self.execution_id,
            _table.request_id: self.request_id,
            _table.hold_id: self.hold_id,
        }
        return found + [
            among(column, value) for column, value in asked.items() if value is not None
        ]


def among(column: ColumnElement[Any], asked: str | tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a column has the value, or one of the values."""
    # Equality alone is read from an index in the order of time.
    if isinstance(asked, str):
        return column == asked
    return column == asked[0] if len(asked) == 1 else column.in_(asked)


def _folded(asked: Asked) -> Asked:
    if isinstance(asked, tuple):
        return tuple(map(fold, asked))
    return None if asked is None else fold(asked)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended."""

    admitted_ms: int
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and where the next page begins; None where there is none."""

    entries: tuple[LedgerEntry, ...]
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class Costs:
    """Sums over entries; `name` is what they have in common. Amounts in nano-dollars."""

    name: str
    charge_nano: int = 0
    provider_nano: int = 0
    calls: int = 0
    manual: int = 0
    refused: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class First:
    """What the first entry of an id says."""

    hold_id: str
    request_id: str
    charge_nano: int
    admitted_ms: int
    over_budget: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an id, and of calls that were charged to an execution."""

    first: First | None
    metered_hold: str | None


async def page(
    ledger: Ledger,
    wanted: Filter,
    limit: int,
    after: Cursor | None = None,
    *,
    oldest_first: bool = False,
) -> Page:
    """The next `limit` entries that fit, newest first unless told otherwise."""
    order = (_table.admitted_ms, _table.id)
    query = select(billing_log).where(*wanted.conditions()).limit(limit + 1)
    query = query.order_by(*(order if oldest_first else (column.desc() for column in order)))
    if after is not None:
        query = query.where(_beyond(after, oldest_first=oldest_first))
    async with reading(ledger.engine) as connection:
        rows = (await connection.execute(query)).mappings().all()
    following = None
    if len(rows) > limit:
        following = Cursor(rows[limit - 1]["admitted_ms"], rows[limit - 1]["id"])
    return Page(tuple(entry_of(row) for row in rows[:limit]), following)


def _beyond(after: Cursor, *, oldest_first: bool) -> ColumnElement[bool]:
    # The bound on the time alone lets the index begin there.
    at, number = _table.admitted_ms, _table.id
    if oldest_first:
        inside = or_(at > after.admitted_ms, number > after.id)
        return and_(at >= after.admitted_ms, inside)
    return and_(at <= after.admitted_ms, or_(at < after.admitted_ms, number < after.id))


async def pages(ledger: Ledger, wanted: Filter, size: int) -> AsyncIterator[Sequence[LedgerEntry]]:
    """Everything that fits and stands now, oldest first, page by page."""
    after: Cursor | None = None
    while True:
        found = await page(ledger, wanted, size, after, oldest_first=True)
        yield found.entries
        if found.following is None:
            return
        after = found.following


async def known(ledger: Ledger, hold_id: str, execution_id: str | None) -> Known:
    """The first entry of `hold_id`; with an execution, one of its calls that was charged."""
    told = _table.hold_id, _table.request_id, _table.charge_nano, _table.admitted_ms, _table.flags
    mine = select(literal(1), *told).where(_table.hold_id == hold_id, _table.entry == 0)
    call = select(literal(0), *told).where(
        _table.execution_id == execution_id, _table.status.in_(CHARGED)
    )
    # In one statement: whoever tells a cost waits for this.
    query: Executable = mine
    if execution_id is not None:
        query = union_all(mine, call.limit(1).subquery().select())
    first, metered = None, None
    for is_mine, hold, request_id, charge_nano, admitted_ms, flags in await rows_of(
        ledger.engine, query
    ):
        if is_mine:
            over = Flag.OVER_BUDGET.value in flags.split(",")
            first = First(hold, request_id, charge_nano, admitted_ms, over)
        else:
            metered = hold
    return Known(first, metered)


async def costs_by_agent(ledger: Ledger, wanted: Filter) -> list[Costs]:
    """Sums for each agent type, dearest first."""
    query = _sums(_table.agent).where(*wanted.conditions()).group_by(_table.agent)
    async with reading(ledger.engine) as connection:
        found = [_costs(row) for row in await connection.execute(query)]
    return sorted(found, key=lambda costs: (-costs.charge_nano, costs.name))


def _sums(by: ColumnElement[Any]) -> Select[Any]:
    first = _table.entry == 0
    refused, manual = Status.REFUSED.value, Status.MANUAL.value
    a_call = and_(first, _table.status.not_in((refused, manual)))
    return select(
        by,
        func.sum(_table.charge_nano),
        func.sum(_table.provider_nano),
        func.sum(case((a_call, _table.count), else_=0)),
        func.sum(case((_table.status == manual, _table.count), else_=0)),
        func.sum(case((_table.status == refused, _table.count), else_=0)),
        func.sum(_table.input_tokens + _table.output_tokens),
    )


def _costs(row: Any) -> Costs:
    name, *numbers = row
    # PostgreSQL sums BIGINT as NUMERIC, which arrives as Decimal.
    return Costs(name, *(int(number or 0) for number in numbers))


async def campaign_total(ledger: Ledger, campaign: str) -> int:
    """What a campaign was charged in all months, nano-dollars."""
    query = select(func.sum(campaign_cost.c.total_nano)).where(
        campaign_cost.c.campaign == fold(campaign)
    )
    async with reading(ledger.engine) as connection:
        return int(await connection.scalar(query) or 0)


async def spend_by_bucket(
    ledger: Ledger, rule: Rule, since_ms: int, until_ms: int
) -> dict[int, int]:
    """What counted in `rule` by quarter hour (its start in milliseconds), nano-dollars."""
    amount = _table[f"{rule.counts.value}_nano"]
    bucket = _table.admitted_ms - _table.admitted_ms % BUCKET_MS
    by = [_table[COLUMNS[dimension]] for dimension in rule.match]
    query = (
        select(bucket, *by, func.sum(amount))
        .where(_table.admitted_ms >= since_ms, _table.admitted_ms < until_ms)
        .group_by(bucket, *by)
    )
    found: dict[int, int] = {}
    async with reading(ledger.engine) as connection:
        for start, *values, total in await connection.execute(query):
            if _fits(rule, values):
                found[int(start)] = found.get(int(start), 0) + int(total)
    return found


def _fits(rule: Rule, values: Sequence[str]) -> bool:
    pairs: Sequence[tuple[Dimension, str]] = list(zip(rule.match, values, strict=True))
    return all(fold(value or UNATTRIBUTED) == fold(rule.match[d]) for d, value in pairs)
