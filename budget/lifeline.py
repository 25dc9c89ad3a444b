"""The line between a proxy process and Redis: it beats, hears how things stand, and replays.

A process may hold money only in a life of Redis (an epoch) that it has joined: it has told
that Redis its open holds, and repeated every ending that SQL does not have.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from budget.endings import Endings, OpenCall
from budget.errors import Unavailable
from budget.rulebook import Rulebook
from config.bounds import LISTEN_S
from storage import generations, scripts
from storage.entries import record_of
from storage.errors import NotReady, StorageError
from storage.holds import HoldStore, pack_postings
from storage.presence import LOST, READY, RECOVERING, REPLAYING, Standing, beat, leave
from storage.redis_link import RedisLink, Reply

_SOON_S: Final = 0.05
_log = logging.getLogger("purser.lifeline")


class Lifeline:
    """One process's standing with Redis. `about` is what it says of itself with each beat."""

    def __init__(
        self,
        link: RedisLink,
        holds: HoldStore,
        endings: Endings,
        about: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._link = link
        self.holds = holds
        self.endings = endings
        self._about = about
        self.standing: Standing | None = None
        self._heard_at = 0.0
        self._done: tuple[str, str] = ("", "")
        self._joined = ""
        self._told = ""
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def rulebook(self) -> Rulebook | None:
        """The rules in force."""
        return self.endings.rulebook

    @property
    def ready(self) -> bool:
        """Whether this process may admit calls."""
        standing = self.standing
        return (
            standing is not None
            and standing.state == READY
            and standing.epoch == self._joined
            and self.rulebook is not None
        )

    @property
    def why_not_ready(self) -> str:
        """In words, for whoever asks."""
        if self.standing is None:
            return "Redis cannot be reached"
        if self.standing.state == LOST:
            return "Redis is empty or was restarted: a janitor has to rebuild it"
        if self.standing.state != READY:
            return "Redis is being rebuilt from the ledger"
        if self.rulebook is None:
            return "no rules have been published yet: a janitor has to publish them"
        return "" if self.ready else "this process is joining Redis"

    def now_ms(self) -> int:
        """Redis's clock as last heard, carried on by this process's own steady clock."""
        if self.standing is None:
            return int(time.time() * 1000)
        return self.standing.now_ms + int((time.monotonic() - self._heard_at) * 1000)

    def start(self) -> None:
        """Begin to beat."""
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Stop beating; a process without holds takes its name off the list."""
        self._stopping = True
        if self._task is not None:
            # A cancellation can be lost (asyncio.wait_for before 3.12): the loop's end is not.
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await leave(self._link, self.holds.process_id)
        except StorageError as error:
            _log.warning("could not sign off", extra={"why": str(error)})

    async def current_rulebook(self) -> Rulebook:
        """The rules in force; raises `Unavailable` while there are none to go by."""
        if not self.ready or self.rulebook is None:
            raise Unavailable(self.why_not_ready or "Redis is being rebuilt")
        return self.rulebook

    def doubt(self) -> None:
        """A script found Redis other than last heard: hear anew at once."""
        self._wake.set()

    async def reload_rules(self) -> None:
        """Take up the generation in force."""
        generation = await generations.load(self._link)
        if generation is None:
            self.endings.rulebook = None
            return
        book = Rulebook(generation)
        book.turn(self.now_ms())
        self.endings.rulebook = book

    async def _live(self) -> None:
        while not self._stopping:
            try:
                await self.hear()
            except (StorageError, Unavailable) as error:
                if self.standing is not None:
                    _log.error("Redis is away: nothing is admitted", extra={"why": str(error)})
                self.standing = None
            except Exception:  # noqa: BLE001  the last resort: a process that beats no more is lost
                _log.exception("a beat failed: nothing is admitted until one succeeds")
                self.standing = None
            pause = LISTEN_S if self.ready else _SOON_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()

    async def hear(self) -> None:
        """One beat, and what follows from its answer."""
        standing = await beat(self._link, self.holds.process_id, self._about())
        self._heard_at = time.monotonic()
        self.standing = standing
        step = (standing.state, standing.epoch)
        if standing.state == RECOVERING and self._done != step:
            await self._tell_open_holds(standing.epoch)
            self._done = step
        elif standing.state == REPLAYING and self._done != step:
            await self._replay(standing.epoch)
            await self._link.run(scripts.RECOVER, "replayed", standing.epoch, self.holds.process_id)
            self._done = step
        elif standing.state == READY and self._joined != standing.epoch:
            # It was away for the whole recovery.
            await self._replay(standing.epoch)
        if standing.state == READY:
            self.endings.forget(standing.drained)
            known = self.rulebook.generation.number if self.rulebook else None
            if standing.generation and standing.generation != known:
                await self.reload_rules()

    async def _tell_open_holds(self, epoch: str) -> None:
        calls = list(self.endings.open.values())
        replies = [await self._tell("hold", epoch, call) for call in calls]
        if ["moved"] not in replies:
            self._told = epoch
        await self._link.run(scripts.RECOVER, "collected", epoch, self.holds.process_id)

    async def _hold_late(self, epoch: str) -> None:
        """Hold again what Redis forgot, unless SQL knows that it was assumed meanwhile."""
        await self.reload_rules()
        for call in list(self.endings.open.values()):
            if not await self.endings.stands_in_sql(call.facts.hold_id):
                postings = self.endings.postings_now(call.facts, call.admitted_ms, call.postings)
                await self._tell("late", epoch, replace(call, postings=postings))

    async def _tell(self, step: str, epoch: str, call: OpenCall) -> Reply:
        reply = await self._link.run(
            scripts.RECOVER, step, epoch, call.facts.hold_id, self.holds.process_id,
            call.admitted_ms, call.held.charge, call.held.provider, call.ceiling,
            pack_postings(call.postings), ".".join(call.facts.digests()),
            record_of(call.facts, call.price_version), self.endings.generation,
        )  # fmt: skip
        if reply == ["stale_config"]:
            raise NotReady("other rules were published meanwhile: they are read first")
        return reply

    async def _replay(self, epoch: str) -> None:
        if self._told != epoch:
            await self._hold_late(epoch)
        self.holds.epoch = epoch
        # Numbers of generations start anew in an emptied Redis: the same one may be other rules.
        await self.reload_rules()
        count = await self.endings.repeat(self.now_ms())
        self._joined = epoch
        _log.info("joined a rebuilt Redis", extra={"epoch": epoch, "endings": count})
