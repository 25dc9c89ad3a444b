"""The audit log: who did what, when and why, each line bound to the one before it.

A line's hash covers its content and the hash of the line before: a line changed or taken
out of the middle breaks the chain from there on.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import reading
from storage.tables import audit_log

GENESIS: Final = "0" * 64
"""The hash before the first line."""

WRITE_LOCK: Final = 0x61756469740A
"""The advisory lock on PostgreSQL that one writer at a time holds ("audit")."""


@dataclass(frozen=True, slots=True)
class Act:
    """What someone did. `place` is where from ("cli", "panel", …); `old` and `new` are text."""

    action: str
    who: str
    place: str
    old: str | None = None
    new: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of the audit log."""

    seq: int
    at_ms: int
    act: Act
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Which lines are meant; what is None is not asked, of several any is meant.

    `text` stands in old, new or reason.
    """

    action: str | tuple[str, ...] | None = None
    who: str | tuple[str, ...] | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    text: str | None = None


async def write_line(connection: AsyncConnection, act: Act, at_ms: int) -> Audited:
    """Append `act` in the caller's transaction; writers wait for each other until commit."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:lock)")
        await connection.execute(lock, {"lock": WRITE_LOCK})
    newest_first = select(audit_log.c.seq, audit_log.c.hash).order_by(audit_log.c.seq.desc())
    last = (await connection.execute(newest_first.limit(1))).one_or_none()
    seq, prev_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
    line = Audited(seq, at_ms, act, prev_hash, _hash(seq, at_ms, act, prev_hash))
    await connection.execute(insert(audit_log), _row(line))
    return line


async def newest_lines(connection: AsyncConnection, limit: int) -> list[Audited]:
    """The last `limit` lines, newest first."""
    query = select(audit_log).order_by(audit_log.c.seq.desc()).limit(limit)
    return [_line(row) for row in (await connection.execute(query)).mappings()]


async def found_lines(
    connection: AsyncConnection, wanted: AuditSearch, limit: int, before_seq: int | None
) -> list[Audited]:
    """The newest `limit` lines that fit, newest first, below `before_seq`."""
    line = audit_log.c
    query = select(audit_log).order_by(line.seq.desc()).limit(limit)
    if wanted.action is not None:
        query = query.where(line.action.in_(_several(wanted.action)))
    if wanted.who is not None:
        query = query.where(line.who.in_(_several(wanted.who)))
    if wanted.since_ms is not None:
        query = query.where(line.at_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        query = query.where(line.at_ms < wanted.until_ms)
    if wanted.text:
        places = (line.old, line.new, line.reason)
        query = query.where(
            or_(*(place.icontains(wanted.text, autoescape=True) for place in places))
        )
    if before_seq is not None:
        query = query.where(line.seq < before_seq)
    return [_line(row) for row in (await connection.execute(query)).mappings()]


def _several(asked: str | tuple[str, ...]) -> tuple[str, ...]:
    return (asked,) if isinstance(asked, str) else asked


async def kinds(connection: AsyncConnection) -> tuple[list[str], list[str]]:
    """Which actions there are, and which people did them."""
    line = audit_log.c
    actions = await connection.scalars(select(line.action).distinct().order_by(line.action))
    people = await connection.scalars(select(line.who).distinct().order_by(line.who))
    return list(actions), list(people)


async def last_line(connection: AsyncConnection, actions: tuple[str, ...]) -> Audited | None:
    """The newest line about one of `actions`."""
    about = select(audit_log).where(audit_log.c.action.in_(actions))
    row = (
        (await connection.execute(about.order_by(audit_log.c.seq.desc()).limit(1)))
        .mappings()
        .first()
    )
    return _line(row) if row is not None else None


async def problems_of_chain(connection: AsyncConnection) -> list[str]:
    """What is wrong with the chain, in words; a tail that was cut off is not seen by it."""
    found: list[str] = []
    at = Link(0, GENESIS)
    async with connection.stream(select(audit_log).order_by(audit_log.c.seq)) as rows:
        async for row in rows.mappings():
            problems, at = checked([_line(row)], at)
            found += problems
    return found


@dataclass(frozen=True, slots=True)
class Link:
    """Up to where the chain was followed: a line's number and hash."""

    seq: int
    hash: str


def checked(lines: Sequence[Audited], after: Link) -> tuple[list[str], Link]:
    """What is wrong with `lines`, which follow `after`, in words; and where they end.

    Takes some microseconds a line.
    """
    found: list[str] = []
    for line in lines:
        if line.seq != after.seq + 1:
            found.append(f"audit lines {after.seq + 1} to {line.seq - 1} are gone")
        if line.prev_hash != after.hash:
            found.append(f"audit line {line.seq} does not follow the line before it")
        if line.hash != _hash(line.seq, line.at_ms, line.act, line.prev_hash):
            found.append(f"audit line {line.seq} was changed after it was written")
        after = Link(line.seq, line.hash)
    return found, after


async def following_lines(engine: AsyncEngine, seq: int, limit: int) -> list[Audited]:
    """The next lines after `seq`, oldest first."""
    query = select(audit_log).where(audit_log.c.seq > seq).order_by(audit_log.c.seq).limit(limit)
    async with reading(engine) as connection:
        return [_line(row) for row in (await connection.execute(query)).mappings()]


def _hash(seq: int, at_ms: int, act: Act, prev_hash: str) -> str:
    content = {"seq": seq, "at_ms": at_ms, "prev_hash": prev_hash, **_fields(act)}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _fields(act: Act) -> dict[str, Any]:
    return {field.name: getattr(act, field.name) for field in fields(act)}


def _row(line: Audited) -> dict[str, Any]:
    kept = {"seq": line.seq, "at_ms": line.at_ms, "prev_hash": line.prev_hash, "hash": line.hash}
    return kept | _fields(line.act)


def _line(row: Mapping[Any, Any]) -> Audited:
    act = Act(**{field.name: row[field.name] for field in fields(Act)})
    return Audited(row["seq"], row["at_ms"], act, row["prev_hash"], row["hash"])
