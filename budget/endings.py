"""What a proxy process must be able to say again: its open calls, and how others ended.

Redis may lose what it acknowledged. Until an ending stands in SQL, the process that made it
keeps it, and repeats it to a Redis that was rebuilt.
"""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from budget.rulebook import Rulebook
from config.bounds import TOMBSTONE_S
from storage.entries import totals_of
from storage.errors import Conflict
from storage.holds import Ended, HoldStore, Prior
from storage.records import Amounts, CallFacts, Flag, LedgerEntry, Outcome, Posting, Status

KEPT_MAX: Final = 50_000
"""Endings kept while SQL is away; the oldest are dropped beyond."""
_log = logging.getLogger("purser.endings")

History = Callable[[str], Awaitable[Sequence[LedgerEntry]]]
"""What SQL knows of a hold; raises `LedgerUnavailable`."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A hold of this process that has not ended. `epoch` is the life of Redis it began in."""

    facts: CallFacts
    held: Amounts
    ceiling: int
    postings: tuple[Posting, ...]
    admitted_ms: int
    price_version: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a hold of this process ended."""

    facts: CallFacts
    outcome: Outcome
    amounts: Amounts
    flags: frozenset[Flag]
    price_version: str
    admitted_ms: int
    postings: tuple[Posting, ...]
    epoch: str


@dataclass(slots=True)
class _Kept:
    ending: Ending
    seq: int | None = None
    """The number under which the ledger will have it; None until Redis has acknowledged it."""


class Endings:
    """The open calls of a process, and its endings until they stand in SQL."""

    def __init__(self, holds: HoldStore, history: History) -> None:
        self._holds = holds
        self._history = history
        self.open: dict[str, OpenCall] = {}
        self.rulebook: Rulebook | None = None
        """The rules in force, as this process last heard."""
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def unacknowledged(self) -> int:
        """Endings that Redis has not acknowledged."""
        return sum(1 for kept in self._kept.values() if kept.seq is None)

    def opened(self, call: OpenCall) -> None:
        """A hold was made."""
        self.open[call.facts.hold_id] = call

    def keep(self, ending: Ending) -> None:
        """A call has ended; from here on the ending is not lost while this process lives."""
        self.open.pop(ending.facts.hold_id, None)
        self._kept[ending.facts.hold_id] = _Kept(ending)
        while len(self._kept) > KEPT_MAX:
            hold_id, _ = self._kept.popitem(last=False)
            _log.error("an ending was dropped before it stood in SQL", extra={"hold_id": hold_id})

    def recorded(self, ending: Ending, seq: int) -> None:
        """Redis has this one under `seq`; it is kept until SQL has it too."""
        self.keep(ending)
        self._kept[ending.facts.hold_id].seq = seq

    def forget(self, drained: int) -> None:
        """Endings up to this number stand in SQL."""
        done = [
            name
            for name, kept in self._kept.items()
            if kept.seq is not None and kept.seq <= drained
        ]
        for name in done:
            del self._kept[name]

    async def attempt(self, ending: Ending, now_ms: int | None) -> Ended | None:
        """Tell Redis once; None where SQL has it already, or where the amounts conflict.

        Raises what Redis and SQL raise: then it may be asked again.
        """
        prior = None
        if self._may_be_forgotten(ending, now_ms):
            entries = await self._history(ending.facts.hold_id)
            prior, done = self._read(entries, ending)
            if done:
                _tell_difference(entries, ending)
                self._kept.pop(ending.facts.hold_id, None)
                return None
        try:
            ended = await self._holds.end(
                ending.facts, ending.outcome, ending.amounts, ending.flags, ending.price_version,
                ending.admitted_ms,
                self.postings_now(ending.facts, ending.admitted_ms, ending.postings), prior,
                self.generation,
            )  # fmt: skip
        except Conflict as error:
            _log.critical("a hold was told to end twice", extra={"why": str(error)})
            self._kept.pop(ending.facts.hold_id, None)
            return None
        kept = self._kept.get(ending.facts.hold_id)
        if ended.seq is None:
            self._kept.pop(ending.facts.hold_id, None)
        elif kept is not None:
            kept.seq = ended.seq
        return ended

    async def stands_in_sql(self, hold_id: str) -> bool:
        """Whether the ledger knows an end of this hold."""
        return bool(await self._history(hold_id))

    async def repeat(self, now_ms: int | None) -> int:
        """Say every kept ending again, to a Redis that may have lost them; returns how many."""
        endings = [kept.ending for kept in self._kept.values()]
        for ending in endings:
            await self.attempt(ending, now_ms)
        return len(endings)

    @property
    def generation(self) -> str:
        """The number of the rules in force, "" before the first."""
        return self.rulebook.generation.number if self.rulebook else ""

    def postings_now(
        self, facts: CallFacts, admitted_ms: int, postings: tuple[Posting, ...]
    ) -> tuple[Posting, ...]:
        """Where a call counts that Redis has forgotten: also in rules that came after it."""
        if self.rulebook is None or not admitted_ms:
            return postings
        known = {(posting.counter, posting.window_start_ms) for posting in postings}
        return postings + tuple(
            posting
            for posting in self.rulebook.postings(facts, admitted_ms)
            if (posting.counter, posting.window_start_ms) not in known
        )

    def _may_be_forgotten(self, ending: Ending, now_ms: int | None) -> bool:
        """Whether Redis may no longer know of a hold that SQL knows has ended."""
        old = now_ms is not None and now_ms - ending.admitted_ms > TOMBSTONE_S * 1000
        return old or ending.epoch != self._holds.epoch

    @staticmethod
    def _read(entries: Sequence[LedgerEntry], ending: Ending) -> tuple[Prior | None, bool]:
        """What SQL knows before this ending, and whether it has this ending itself."""
        if not entries:
            return None, False
        entry, totals = totals_of(list(entries))
        mine = ending.outcome.status is not Status.ASSUMED and entries[-1].status is Status.ASSUMED
        return Prior(entry, totals), not mine


def _tell_difference(entries: Sequence[LedgerEntry], ending: Ending) -> None:
    """Raise an alarm where the ledger never said what this process knows."""
    said = [totals_of(list(entries[:count]))[1] for count in range(1, len(entries) + 1)]
    if ending.amounts not in said:
        _log.critical(
            "a hold was told to end twice",
            extra={
                "why": f"hold {ending.facts.hold_id}: the ledger has {said[-1]}, "
                f"not {ending.amounts}"
            },
        )
