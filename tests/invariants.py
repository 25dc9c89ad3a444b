"""What must hold of the money of a deployment, whatever happened to it.

`problems` reads Redis, the ledger and the upstream's own account, once nothing is in flight,
and says in words what is wrong; an empty list is a sound deployment. A call is known to all
three by its `X-Execution-Id`, which the ledger keeps, and its `X-Test-Call`, which the upstream
received: the same text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
import sqlalchemy as sa

from config.rules import Rule
from storage import generations
from storage.ledger import Ledger, Search
from storage.reconcile import reconcile
from storage.records import Flag, LedgerEntry, Status
from storage.redis_link import META, PREFIX, RedisLink
from storage.snapshot import Snapshot, read_snapshot
from storage.tables import UNIT_COLUMNS

INTEGER = re.compile(r"0|-?[1-9][0-9]*")
PAID = frozenset({Status.SETTLED, Status.FAILED, Status.ASSUMED})
SAYS_WHY = frozenset({Flag.OVER_HOLD, Flag.RECOVERED})
"""Flags of a row that may take a counter above its limit."""
MONEY_COLUMNS = ("charge_nano", "provider_nano", "dearer_nano", "held_nano", "seq", *UNIT_COLUMNS)


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that is compared."""

    rules: tuple[Rule, ...]
    snapshot: Snapshot
    entries: tuple[LedgerEntry, ...]
    upstream: tuple[Mapping[str, Any], ...]

    @property
    def by_hold(self) -> dict[str, list[LedgerEntry]]:
        """Entries of each call, in the order in which they were posted."""
        found: dict[str, list[LedgerEntry]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda entry: (entry.hold_id, entry.entry)):
            if entry.status is not Status.REFUSED:
                found[entry.hold_id].append(entry)
        return found


def calls_of(sandbox_url: str) -> list[dict[str, Any]]:
    """Every paid call that the sandbox received since its last reset."""
    answer = httpx.get(
        f"{sandbox_url}/sandbox/calls", params={"limit": 100_000}, timeout=60, trust_env=False
    )
    return [call for call in answer.json()["calls"] if call["method"] == "POST"]


async def read_books(
    link: RedisLink, ledger: Ledger, upstream: Iterable[Mapping[str, Any]]
) -> Books:
    """Read it all; the rules are those in force."""
    generation = await generations.load(link)
    entries: list[LedgerEntry] = []
    while page := await ledger.search(Search(), 10_000, entries[-1].seq if entries else None):
        entries += page
    return Books(
        generation.rules if generation else (),
        await read_snapshot(link),
        tuple(entries),
        tuple(upstream),
    )


async def problems(
    link: RedisLink,
    ledger: Ledger,
    upstream: Iterable[Mapping[str, Any]],
    *,
    excused: Sequence[str] = (),
    ours: bool = True,
) -> list[str]:
    """What is wrong. `excused` names rules whose limit was lowered below what they had spent.

    `ours` says that the upstream's calls all came through this deployment.
    """
    found = await counters_against_ledger(link, ledger)
    books = await read_books(link, ledger, upstream)
    found += _nothing_in_flight(books)
    found += _limits(books, excused)
    found += _one_first_end(books)
    found += _sequence(books)
    found += await _integers(link, ledger)
    if ours:
        found += _upstream(books)
    return found


async def counters_against_ledger(link: RedisLink, ledger: Ledger) -> list[str]:
    """Invariant 2: sums of the ledger are the posted counters; no number is missing."""
    generation = await generations.load(link)
    if generation is None:
        return ["no rules are in force"]
    report = await reconcile(link, ledger, generation.rules)
    return [
        *(
            f"{d.rule} {d.value or '-'} {d.kind}: Redis {d.redis_nano}, truth {d.truth_nano}"
            for d in report.differences
        ),
        *(f"numbers {first} to {last} are in no row" for first, last in report.missing),
        *(f"number {seq} is quarantined" for seq in report.quarantined),
    ]


def _nothing_in_flight(books: Books) -> list[str]:
    found = [f"hold {hold.hold_id} is still {hold.state}" for hold in books.snapshot.holds]
    for counter in books.snapshot.counters:
        for value, amounts in counter.values.items():
            if amounts.held_nano:
                found.append(f"{counter.counter} {value}: {amounts.held_nano} held by nobody")
    if books.snapshot.drained != books.snapshot.seq or books.snapshot.outbox_bytes:
        found.append(
            f"the outbox has {books.snapshot.seq - books.snapshot.drained} entries, "
            f"{books.snapshot.outbox_bytes} bytes"
        )
    return found


def _limits(books: Books, excused: Sequence[str]) -> list[str]:
    """Invariant 1: a counter above its limit has a row that says why."""
    explained = any(entry.flags & SAYS_WHY for entry in books.entries)
    limits = {rule.counter: rule for rule in books.rules if rule.name not in excused}
    return [
        f"{limits[counter.counter].name} {value or '-'}: {amounts.posted_nano} is above the limit"
        for counter in books.snapshot.counters
        if counter.counter in limits
        for value, amounts in counter.values.items()
        if amounts.posted_nano + amounts.held_nano > limits[counter.counter].limit_nano
        and not explained
    ]


def _one_first_end(books: Books) -> list[str]:
    """Invariants 3 and 4: one first end, then corrections alone, numbered without gaps."""
    found: list[str] = []
    for hold_id, entries in books.by_hold.items():
        if [entry.entry for entry in entries] != list(range(len(entries))):
            found.append(f"{hold_id} has entries {[entry.entry for entry in entries]}")
        if entries[0].status is Status.CORRECTION:
            found.append(f"{hold_id} begins with a correction")
        found += [
            f"{hold_id} has {entry.status} as entry {entry.entry}"
            for entry in entries[1:]
            if entry.status is not Status.CORRECTION
        ]
        if len(entries) > 1 and entries[0].status is not Status.ASSUMED:
            found.append(f"{hold_id} was {entries[0].status} and corrected by itself")
        if sum(entry.charge_nano for entry in entries) < 0:
            found.append(f"{hold_id} costs less than nothing")
        if {Status.VOIDED, Status.ASSUMED} & {entries[0].status} and len(entries) == 1:
            due = entries[0].held_nano if entries[0].status is Status.ASSUMED else 0
            if entries[0].charge_nano != due:
                found.append(f"{hold_id} is {entries[0].status} at {entries[0].charge_nano}")
    return found


def _sequence(books: Books) -> list[str]:
    """Invariant 2: numbers without gaps, none twice."""
    numbers = sorted(entry.seq for entry in books.entries)
    found = [f"no row has numbers {a + 1} to {b - 1}" for a, b in pairwise(numbers) if b > a + 1]
    found += [f"number {a} stands twice" for a, b in pairwise(numbers) if a == b]
    if numbers and numbers[0] != 1:
        found.append(f"the first number is {numbers[0]}")
    if numbers and numbers[-1] != books.snapshot.seq:
        found.append(f"the last number is {numbers[-1]}, Redis says {books.snapshot.seq}")
    return found


def _upstream(books: Books) -> list[str]:
    """Invariant 3: each call that the upstream received has one end, and none is undercharged."""
    found: list[str] = []
    ends: dict[str, list[list[LedgerEntry]]] = defaultdict(list)
    for entries in books.by_hold.values():
        ends[entries[0].execution_id or ""].append(entries)
    received = Counter(name_of(call) for call in books.upstream)
    for call in books.upstream:
        name = name_of(call)
        if received[name] > 1:
            found.append(f"the upstream received {name} {received[name]} times")
        if len(ends[name]) != 1:
            found.append(f"the upstream received {name}, the ledger has {len(ends[name])} of it")
            continue
        found += _paid_for(call, ends[name][0])
    for name, several in ends.items():
        if not received[name]:
            found += [
                f"{name} was {entries[0].status} and never received"
                for entries in several
                if entries[0].status is Status.SETTLED
            ]
    return found


def _paid_for(call: Mapping[str, Any], entries: Sequence[LedgerEntry]) -> list[str]:
    """The ledger against the upstream's bill of one call: exact where its usage was told."""
    name, billed = name_of(call), int(call["provider_nano"])
    posted = sum(entry.provider_nano for entry in entries)
    if entries[0].status not in PAID:
        return [f"the upstream received {name}, the ledger says {entries[0].status}"]
    told = entries[-1].status in {Status.SETTLED, Status.CORRECTION}
    exact = told and Flag.ESTIMATED not in entries[-1].flags
    if posted < billed or (exact and posted != billed):
        return [f"{name}: billed {billed}, posted {posted}, {[str(e.status) for e in entries]}"]
    return []


def name_of(call: Mapping[str, Any]) -> str:
    """The test's own name of a call that the upstream received."""
    return dict(call["headers"] or ()).get("x-test-call", "")


async def _integers(link: RedisLink, ledger: Ledger) -> list[str]:
    """Invariant 5: every amount is an integer, as Redis's text and as SQL's type."""
    found: list[str] = []
    for counter in await link.hash("counters"):
        flat = (await link.hash(f"c:{counter}")).items()
        found += [f"{counter} {field} is {v}" for field, v in flat if not INTEGER.fullmatch(v)]
    for field in (b"seq", b"drained", b"outbox_bytes"):
        value = (await link.command("HGET", META, field) or b"0").decode()
        if not INTEGER.fullmatch(value):
            found.append(f"{PREFIX}meta {field.decode()} is {value}")
    async with ledger._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            odd = " OR ".join(f"typeof({column}) <> 'integer'" for column in MONEY_COLUMNS)
            query = sa.text(f"SELECT count(*) FROM billing_log WHERE {odd}")
            if rows := await connection.scalar(query):
                found.append(f"{rows} rows have amounts that are not integers")
    return found
