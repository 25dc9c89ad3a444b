"""The ledger in SQL: what every call cost, written once and never changed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from sqlalchemy import BigInteger, Select, func, literal, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from config.rules import Rule, fold
from storage.audit import (
    Act,
    Audited,
    AuditSearch,
    found_lines,
    kinds,
    last_line,
    newest_lines,
    problems_of_chain,
    write_line,
)
from storage.database import check_revision, is_sqlite, make_engine, reading, writing
from storage.records import LedgerEntry, Status
from storage.rollups import Rollup
from storage.rows import Row, entry_of, problem_with, row_of
from storage.sums import Sums, sums_of, sums_query
from storage.tables import billing_log, campaign_cost

IN_VALUES_MAX: Final = 500
"""How many values one IN takes: a short statement that both engines plan well."""

SEARCH_ROWS_MAX: Final = 10_000

BATCH_ROWS: Final = 1_000
"""How many entries are read at a time where all are."""

_RECORDS_FAULT: Final = frozenset({"22", "23", "54"})
"""SQLSTATE classes: data exception, integrity violation, program limit exceeded."""

Key = tuple[str, int]
"""Hold id and entry."""
Entries = list[LedgerEntry]


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that SQL will never take, and why."""

    entry: LedgerEntry
    why: str


@dataclass(frozen=True, slots=True)
class Search:
    """What `Ledger.search` looks for; what is None is not asked. Times by `admitted_ms`."""

    campaign: str | None = None
    agent: str | None = None
    status: Status | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    execution_id: str | None = None
    request_id: str | None = None


class Ledger:
    """The table `billing_log` and its roll-ups.

    Every method raises `LedgerUnavailable` where the database does not answer; what was then
    being written is written in full or not at all, and may be written again.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        dialect: Any = sqlite if is_sqlite(engine.url) else postgresql
        self._insert = dialect.insert
        self._rollup = Rollup(engine)
        self.draining = asyncio.Lock()
        """Held while a batch is on its way from the outbox to its acknowledgement."""

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database at `url`; raises `SchemaMismatch` where it is not upgraded."""
        engine = make_engine(url)
        try:
            await check_revision(engine)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    @property
    def engine(self) -> AsyncEngine:
        """The database, for the other tables beside the ledger."""
        return self._engine

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()

    async def append(self, entries: Sequence[LedgerEntry]) -> list[Rejected]:
        """Write `entries` in one transaction; one that stands already is left as it is.

        Returned are those that SQL cannot take, and those whose hold and entry stand already
        with another sequence number or other amounts: all others are in the ledger.
        """
        rejected: list[Rejected] = []
        by_key: dict[Key, tuple[LedgerEntry, Row]] = {}
        for entry in sorted(entries, key=lambda entry: entry.seq):
            row = row_of(entry)
            key = (entry.hold_id, entry.entry)
            why = problem_with(row)
            if why is None and by_key.setdefault(key, (entry, row))[1] != row:
                why = _difference(row, by_key[key][1])
            if why is not None:
                rejected.append(Rejected(entry, why))
        if not by_key:
            return rejected
        async with writing(self._engine) as connection:
            refused: dict[Key, str] = {}
            new = await self._write(connection, [row for _, row in by_key.values()], refused)
            fresh = [row for key, (_, row) in by_key.items() if key in new]
            await self._add_costs(connection, fresh)
            await self._rollup.add(connection, [row["seq"] for row in fresh])
            standing = by_key.keys() - new - refused.keys()
            refused.update(await _conflicts(connection, [by_key[key][1] for key in standing]))
        return rejected + [Rejected(by_key[key][0], why) for key, why in refused.items()]

    async def _write(
        self, connection: AsyncConnection, rows: list[Row], refused: dict[Key, str]
    ) -> set[Key]:
        """Insert `rows`, halving at a refusal until bad rows are alone; returns the new ones."""
        table = billing_log.c
        statement = (
            self._insert(billing_log)
            .on_conflict_do_nothing(index_elements=["hold_id", "entry"])
            .returning(table.hold_id, table.entry)
        )
        try:
            async with connection.begin_nested():
                return {(hold, entry) for hold, entry in await connection.execute(statement, rows)}
        except DBAPIError as error:
            if not _is_records_fault(error):
                raise
            if len(rows) == 1:
                refused[_key(rows[0])] = str(error.orig)
                return set()
        middle = len(rows) // 2
        first = await self._write(connection, rows[:middle], refused)
        return first | await self._write(connection, rows[middle:], refused)

    async def _add_costs(self, connection: AsyncConnection, rows: Iterable[Row]) -> None:
        """Add new rows to the campaign's month (UTC, by admission)."""
        totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        names: dict[tuple[str, str], str] = {}
        for row in rows:
            if row["charge_nano"] or row["provider_nano"]:
                at = (row["campaign_folded"], month_of(row["admitted_ms"]))
                totals[at][0] += row["charge_nano"]
                totals[at][1] += row["provider_nano"]
                names.setdefault(at, row["campaign"])
        if not totals:
            return
        statement = self._insert(campaign_cost)
        new = statement.excluded
        kept = campaign_cost.c
        # Sorted: two writers that lock the same rows in one order cannot deadlock.
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["campaign", "month"],
                set_={
                    "total_nano": kept.total_nano + new.total_nano,
                    "provider_nano": kept.provider_nano + new.provider_nano,
                },
            ),
            [
                {
                    "campaign": at[0],
                    "month": at[1],
                    "name": names[at],
                    "total_nano": totals[at][0],
                    "provider_nano": totals[at][1],
                }
                for at in sorted(totals)
            ],
        )

    async def max_seq(self) -> int:
        """The highest sequence number in the ledger; 0 where it is empty."""
        async with reading(self._engine) as connection:
            return int(await connection.scalar(select(func.max(billing_log.c.seq))) or 0)

    async def missing_seqs(self, after: int, up_to: int, most: int = 100) -> list[tuple[int, int]]:
        """The first `most` ranges (both ends inclusive) in (after, up_to] that no row has."""
        seq = billing_log.c.seq
        before = func.lag(seq, 1, literal(after, BigInteger)).over(order_by=seq)
        within = (
            select(seq.label("seq"), before.label("before"))
            .where(seq > after, seq <= up_to)
            .subquery()
        )
        gaps = (
            select(within.c.before + 1, within.c.seq - 1)
            .where(within.c.seq > within.c.before + 1)
            .order_by(within.c.seq)
            .limit(most)
        )
        last = select(func.max(seq)).where(seq > after, seq <= up_to)
        async with reading(self._engine) as connection:
            found = [(int(first), int(end)) for first, end in await connection.execute(gaps)]
            highest = int(await connection.scalar(last) or after)
        if highest < up_to and len(found) < most:
            found.append((highest + 1, up_to))
        return found

    async def sums(
        self, rule: Rule, start_ms: int, end_ms: int, up_to_seq: int, after_seq: int = 0
    ) -> dict[str, Sums]:
        """What was spent under each value of `rule` by calls admitted in [start_ms, end_ms).

        Only entries with after_seq < seq <= up_to_seq count. A value is what a `Posting` calls
        so; one with nothing spent is left out.
        """
        query = sums_query(rule, start_ms, end_ms, up_to_seq, after_seq)
        async with reading(self._engine) as connection:
            return sums_of(rule, await connection.execute(query))

    async def entries_of(self, hold_id: str) -> list[LedgerEntry]:
        """Everything the ledger says of a hold, first end first."""
        return (await self.ended([hold_id])).get(hold_id, [])

    async def ended(self, hold_ids: Iterable[str]) -> dict[str, list[LedgerEntry]]:
        """The entries of those of `hold_ids` that have any, first end first."""
        found: dict[str, list[LedgerEntry]] = defaultdict(list)
        wanted = list(dict.fromkeys(hold_ids))
        table = billing_log.c
        async with reading(self._engine) as connection:
            for at in range(0, len(wanted), IN_VALUES_MAX):
                some = wanted[at : at + IN_VALUES_MAX]
                query = select(billing_log).where(table.hold_id.in_(some)).order_by(table.entry)
                for row in (await connection.execute(query)).mappings():
                    found[row["hold_id"]].append(entry_of(row))
        return dict(found)

    async def search(
        self, wanted: Search, limit: int = 50, before_seq: int | None = None
    ) -> list[LedgerEntry]:
        """The newest entries that fit, newest first; `before_seq` goes on from a page's last."""
        table = billing_log.c
        query = select(billing_log).order_by(table.seq.desc()).limit(min(limit, SEARCH_ROWS_MAX))
        if before_seq is not None:
            query = query.where(table.seq < before_seq)
        query = _narrowed(query, wanted)
        async with reading(self._engine) as connection:
            return [entry_of(row) for row in (await connection.execute(query)).mappings()]

    async def batches(self, wanted: Search, rows: int = BATCH_ROWS) -> AsyncIterator[Entries]:
        """Every entry that fits and stands there now, the oldest first, some at a time."""
        table = billing_log.c
        after, up_to = 0, await self.max_seq()
        while True:
            query = select(billing_log).where(table.seq > after, table.seq <= up_to)
            query = _narrowed(query, wanted).order_by(table.seq).limit(rows)
            async with reading(self._engine) as connection:
                found = [entry_of(row) for row in (await connection.execute(query)).mappings()]
            if not found:
                return
            yield found
            after = found[-1].seq

    async def audit(self, act: Act, at_ms: int | None = None) -> Audited:
        """Write what someone did to the audit log; `at_ms` is when, where that is not now."""
        moment = int(time.time() * 1000) if at_ms is None else at_ms
        async with writing(self._engine) as connection:
            return await write_line(connection, act, moment)

    async def audited(self, limit: int = 100) -> list[Audited]:
        """The newest lines of the audit log, newest first."""
        async with reading(self._engine) as connection:
            return await newest_lines(connection, limit)

    async def audit_lines(
        self, wanted: AuditSearch, limit: int, before_seq: int | None = None
    ) -> list[Audited]:
        """Lines of the audit log that fit, newest first; `before_seq` goes on from a page."""
        async with reading(self._engine) as connection:
            return await found_lines(connection, wanted, limit, before_seq)

    async def audit_kinds(self) -> tuple[list[str], list[str]]:
        """Which actions and people stand in the audit log."""
        async with reading(self._engine) as connection:
            return await kinds(connection)

    async def last_act(self, *actions: str) -> Act | None:
        """The newest act of one of these kinds."""
        async with reading(self._engine) as connection:
            line = await last_line(connection, actions)
        return line.act if line else None

    async def verify_audit(self) -> list[str]:
        """What is wrong with the audit log's chain: empty where no line was changed or taken."""
        async with reading(self._engine) as connection:
            return await problems_of_chain(connection)


def month_of(time_ms: int) -> str:
    """The month of a time in UTC, as "2026-01"."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m")


def _narrowed(query: Select[Any], wanted: Search) -> Select[Any]:
    table = billing_log.c
    if wanted.campaign is not None:
        query = query.where(table.campaign_folded == fold(wanted.campaign))
    if wanted.agent is not None:
        spellings = {wanted.agent, wanted.agent.upper(), wanted.agent.lower()}
        query = query.where(table.agent.in_(sorted(spellings)))
    if wanted.status is not None:
        query = query.where(table.status == wanted.status.value)
    if wanted.since_ms is not None:
        query = query.where(table.admitted_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        query = query.where(table.admitted_ms < wanted.until_ms)
    if wanted.execution_id is not None:
        query = query.where(table.execution_id == wanted.execution_id)
    if wanted.request_id is not None:
        query = query.where(table.request_id == wanted.request_id)
    return query


async def _conflicts(connection: AsyncConnection, rows: list[Row]) -> dict[Key, str]:
    """Which of `rows`, whose hold and entry stand already, differ from what stands."""
    found: dict[Key, str] = {}
    table = billing_log.c
    for at in range(0, len(rows), IN_VALUES_MAX):
        some = {_key(row): row for row in rows[at : at + IN_VALUES_MAX]}
        query = select(billing_log).where(tuple_(table.hold_id, table.entry).in_(list(some)))
        for kept in (await connection.execute(query)).mappings():
            key = (kept["hold_id"], kept["entry"])
            why = _difference(some[key], kept)
            if why is not None:
                found[key] = why
    return found


def _difference(row: Row, kept: Mapping[Any, Any]) -> str | None:
    fields = ("seq", "status", "charge_nano", "provider_nano", "dearer_nano", "admitted_ms")
    differ = [f"{name} {kept[name]}, not {row[name]}" for name in fields if kept[name] != row[name]]
    if not differ:
        return None
    return f"entry {row['entry']} of hold {row['hold_id']} stands already with {'; '.join(differ)}"


def _key(row: Row) -> Key:
    return row["hold_id"], row["entry"]


def _is_records_fault(error: DBAPIError) -> bool:
    if isinstance(error, DataError | IntegrityError):
        return True
    return str(getattr(error.orig, "sqlstate", ""))[:2] in _RECORDS_FAULT
