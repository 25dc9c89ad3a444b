"""Does Redis say what the ledger says? Differences as data, and their repair.

Both are compared at one sequence number: counters are read with it in one script, the ledger
is summed up to it. Differences commute with what goes on meanwhile, so a repair stops nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from config.rules import Rule
from storage import scripts
from storage.errors import NotReady
from storage.generations import posted_values
from storage.holds import unpack_postings
from storage.ledger import Ledger
from storage.outbox import Outbox, quarantined
from storage.records import Amounts
from storage.redis_link import PREFIX, Argument, RedisLink
from storage.snapshot import CounterState, Snapshot, read_snapshot

_MISSING_MAX = 1000
_NOTED = PREFIX + "reconciled"


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter value that is not what ledger (posted) or open holds (held) add up to."""

    rule: str
    counter: CounterState
    value: str
    kind: str
    redis_nano: int
    truth_nano: int

    @property
    def off_nano(self) -> int:
        """What has to be added to Redis."""
        return self.truth_nano - self.redis_nano


@dataclass(frozen=True, slots=True)
class Report:
    """What a reconcile found. Nothing to mend where all three are empty."""

    seq: int
    epoch: str
    counters: int
    differences: tuple[Difference, ...]
    missing: tuple[tuple[int, int], ...]
    quarantined: tuple[int, ...]

    @property
    def clean(self) -> bool:
        """Ledger and counters agree, and no number is missing."""
        return not (self.differences or self.missing or self.quarantined)


async def reconcile(
    link: RedisLink, ledger: Ledger, rules: Sequence[Rule], *, after_seq: int = 0
) -> Report:
    """Compare every counter of `rules` with the ledger; numbers are checked from `after_seq`."""
    snapshot = await read_snapshot(link)
    if snapshot.state != "ready":
        raise NotReady(
            f"Redis is {snapshot.state}: it is rebuilt first, then there is something to compare"
        )
    await Outbox(link, ledger).drain()
    by_counter = {rule.counter: rule for rule in rules}
    differences: list[Difference] = []
    checked = 0
    for counter in snapshot.counters:
        rule = by_counter.get(counter.counter)
        if rule is not None:
            checked += 1
            posted = await posted_values(ledger, rule, counter.window, snapshot.seq)
            differences += _compare(rule, counter, posted, _held(snapshot, counter))
    missing = await ledger.missing_seqs(after_seq, snapshot.seq, _MISSING_MAX)
    broken = sorted(await quarantined(link))
    return Report(
        snapshot.seq, snapshot.epoch, checked, tuple(differences),
        tuple(gap for gap in missing if not set(range(gap[0], gap[1] + 1)) <= set(broken)),
        tuple(broken),
    )  # fmt: skip


def _held(snapshot: Snapshot, counter: CounterState) -> dict[str, int]:
    held: dict[str, int] = {}
    for hold in snapshot.holds:
        amounts = Amounts(hold.charge_nano, hold.provider_nano)
        for posting in unpack_postings(hold.postings):
            if (posting.counter, posting.window_start_ms) == (
                counter.counter,
                counter.window.start_ms,
            ):
                counted: int = getattr(amounts, posting.counts)
                held[posting.value] = held.get(posting.value, 0) + counted
    return held


def _compare(
    rule: Rule, counter: CounterState, posted: dict[str, int], held: dict[str, int]
) -> list[Difference]:
    found: list[Difference] = []
    for value in sorted({*counter.values, *posted, *held}):
        now = counter.values.get(value)
        pairs = (
            ("posted", now.posted_nano if now else 0, posted.get(value, 0)),
            ("held", now.held_nano if now else 0, held.get(value, 0)),
        )
        found += [
            Difference(rule.name, counter, value, kind, redis, truth)
            for kind, redis, truth in pairs
            if redis != truth
        ]
    return found


async def repair(link: RedisLink, report: Report) -> None:
    """Add to every counter what it lacks."""
    flat: list[Argument] = []
    for d in report.differences:
        held, posted = (d.off_nano, 0) if d.kind == "held" else (0, d.off_nano)
        window = d.counter.window
        flat += [d.counter.counter, window.start_ms, window.end_ms, d.value, held, posted]
    if await link.run(scripts.REPAIR, report.epoch, *flat) != ["repaired"]:
        raise NotReady("Redis changed since it was read: reconcile again")


async def note(link: RedisLink, report: Report, now_ms: int) -> None:
    """Remember that `report` was made, for whoever asks how things stand."""
    said = {"at_ms": now_ms, "seq": report.seq, "clean": report.clean}
    await link.command("SET", _NOTED, orjson.dumps(said))


async def noted(link: RedisLink) -> tuple[int, bool] | None:
    """When counters and ledger were last compared, and whether they agreed."""
    said = await link.command("GET", _NOTED)
    if said is None:
        return None
    found = orjson.loads(said)
    return int(found["at_ms"]), bool(found["clean"])
