"""Rebuilding Redis after it was emptied, restarted or replaced, before anything is admitted.

begin      nothing is admitted, nothing ends
collect    each living proxy names its open holds, SQL those of late work
rebuild    the outbox is drained, counters are summed from the ledger, holds are added
replay     each proxy repeats the ends that the ledger does not have
finish     admission opens
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from config.bounds import BEAT_S, BEATS_MISSED_MAX
from config.rules import Rule
from storage import scripts
from storage.entries import totals_of
from storage.errors import NotReady
from storage.generations import posted_values
from storage.holds import Interval, unpack_postings
from storage.jobs import Jobs
from storage.ledger import Ledger
from storage.outbox import Outbox
from storage.presence import Watch, processes
from storage.records import LedgerEntry, Status
from storage.redis_link import PREFIX, Argument, RedisLink
from storage.snapshot import read_snapshot

WindowOf = Callable[[Rule, int], Interval]
_LOOK_S = 0.05
_log = logging.getLogger("purser.recovery")


def state_of(entries: Sequence[LedgerEntry]) -> str:
    """The state of a hold that has these entries."""
    if len(entries) > 1:
        return "corrected"
    return {Status.VOIDED: "voided", Status.ASSUMED: "assumed"}.get(entries[0].status, "settled")


class Recovery:
    """One recovery by one janitor. Another janitor may take over at any point."""

    def __init__(
        self, link: RedisLink, ledger: Ledger, window_of: WindowOf, janitor_id: str
    ) -> None:
        self._link = link
        self._janitor_id = janitor_id
        self._ledger = ledger
        self._outbox = Outbox(link, ledger)
        self._jobs = Jobs(link, ledger)
        self._window_of = window_of
        self._epoch = uuid.uuid4().hex
        self._watch = Watch(link)
        self._looked = 0.0
        self._dead: set[str] = set()

    async def run(self, rules: Sequence[Rule], seen: set[str] | None) -> None:
        """Recover; `seen` are proxies that this janitor knows to have lived a moment ago.

        None: it has not watched yet, so that any number may live of which Redis knows nothing.
        """
        started = time.monotonic()
        await self._step("begin", self._janitor_id)
        async with self._ledger.draining:
            # What was being written of the life before now stands in SQL, or never will.
            known = await self._ledger.max_seq()
        _log.warning("recovery begins", extra={"epoch": self._epoch, "ledger_seq": known})
        await self._tell_jobs()
        await self._await_processes("collected", seen or set(), grace=seen is None and known > 0)
        await self._step("closed")
        await self._outbox.drain()
        await self._restore_ended()
        known = await self._ledger.max_seq()
        await self._rebuild(rules, known)
        await self._step("held", known)
        await self._await_processes("replayed", set(), grace=False)
        await self._step("finish")
        spent = round(time.monotonic() - started, 3)
        _log.warning("recovery is complete", extra={"epoch": self._epoch, "took_s": spent})

    async def _step(self, step: str, *arguments: Argument) -> None:
        reply = await self._link.run(scripts.RECOVER, step, self._epoch, *arguments)
        if reply in (["moved"], ["outbox"]):
            raise NotReady(f"recovery step {step} was overtaken: another one has begun")

    async def _await_processes(self, mark: str, seen: set[str], *, grace: bool) -> None:
        """Wait until every proxy has answered, or was watched missing its beats.

        With `grace` it takes as long as a living process may be silent: those that Redis
        forgot come back by themselves.
        """
        first = time.monotonic()
        patience = BEAT_S * BEATS_MISSED_MAX if grace else 0.0
        while True:
            await self._step("going")
            if time.monotonic() - self._looked >= BEAT_S:
                self._dead, self._looked = set(await self._watch.look()), time.monotonic()
            living = {
                name
                for name, about in (await processes(self._link)).items()
                if about.get("kind") == "proxy"
            }
            beats = set(await self._link.hash("beats"))
            missing = await self._silent(seen - beats, first)
            marked = {name.decode() for name in await self._link.command("SMEMBERS", PREFIX + mark)}
            waiting = ((living | missing) - self._dead) - marked
            if not waiting and time.monotonic() - first >= patience:
                return
            await asyncio.sleep(_LOOK_S)

    @staticmethod
    async def _silent(known: set[str], first: float) -> set[str]:
        """Processes that have not come back since Redis forgot them, while they still may."""
        return known if time.monotonic() - first < BEAT_S * BEATS_MISSED_MAX else set()

    async def _tell_jobs(self) -> None:
        """Late work belongs to no process that could name its holds: SQL names them."""
        for job in await self._jobs.unfinished():
            await self._step("hold", *job.as_hold())

    async def _restore_ended(self) -> None:
        """Holds that stand open in an older state of Redis, but have ended in the ledger."""
        holds = {*(await self._link.hash("open")), *(await self._link.hash("assumed"))}
        for hold_id, entries in (await self._ledger.ended(holds)).items():
            entry, totals = totals_of(entries)
            await self._step(
                "ended", hold_id, state_of(entries), totals.charge, totals.provider, entry,
                entries[-1].seq, entries[0].admitted_ms,
            )  # fmt: skip

    async def _rebuild(self, rules: Sequence[Rule], known: int) -> None:
        windows = await self._windows(rules)
        await self._step("clear")
        for rule in rules:
            for window in windows[rule.counter]:
                posted = await posted_values(self._ledger, rule, window, known)
                flat = [part for value, amount in posted.items() for part in (value, amount)]
                await self._step("counter", rule.counter, window.start_ms, window.end_ms, *flat)

    async def _windows(self, rules: Sequence[Rule]) -> Mapping[str, set[Interval]]:
        """The windows of each counter that are current, registered or used by a hold."""
        snapshot = await read_snapshot(self._link)
        found = {rule.counter: {self._window_of(rule, snapshot.now_ms)} for rule in rules}
        for counter in snapshot.counters:
            if counter.counter in found:
                found[counter.counter].add(counter.window)
        for hold in snapshot.holds:
            for posting in unpack_postings(hold.postings):
                if posting.counter in found:
                    found[posting.counter].add(
                        Interval(posting.window_start_ms, posting.window_end_ms)
                    )
        return found
