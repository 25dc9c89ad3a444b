"""The janitor only schedules: each job is a `tick()` in its own room."""

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from app.engines import Engines
from app.jobs import Job, repeat
from app.live import Live, Publisher
from budget.late import LateBooks
from budget.publication import Publication
from budget.windows import current_window
from config.bounds import CONFIG_POLL_S, DRAIN_S, HOUR_S, LATE_POLL_S, LISTEN_S, MINUTE_S
from proxy.forward import Target, Upstream
from proxy.late import LatePolls
from proxy.terms import terms_from
from storage import campaigns, generations, overrides
from storage.embedded import EmbeddedValkey
from storage.errors import StorageError
from storage.freeze import write_pending_audit
from storage.keys import Keys
from storage.outbox import Outbox, close_refusals
from storage.presence import leave
from storage.reconcile import note, reconcile
from storage.sampling import Sampling
from storage.upkeep import Upkeep

REFUSALS_S: Final = 5.0
AUDIT_S: Final = 1.0
REVIVE_S: Final = 0.2
KEYS_S: Final = 5.0
RECONCILE_S: Final = float(MINUTE_S)
SAMPLE_S: Final = MINUTE_S / 4
SIGN_OFF_S: Final = 5.0
_log = logging.getLogger("purser.janitor")


class Janitor:
    """Everything periodic. Any number may run: each step is one script, or idempotent."""

    def __init__(self, engines: Engines, live: Live) -> None:
        self._link, self._ledger = engines.link, engines.ledger
        self._id = f"janitor-{uuid.uuid4().hex}"
        self._outbox = Outbox(self._link, self._ledger)
        self._checked_seq = 0
        self._started_ms = int(time.time() * 1000)
        publication = Publication(self._link, self._ledger)
        self._publisher = Publisher(live, self._link, publication, leads=True)
        self._upkeep = Upkeep(
            self._link,
            self._ledger,
            self._id,
            current_window,
            lambda: live.loaded.rules,
            self._about,
        )
        self.sandbox_url = ""
        """Where the sandbox answers, once it does."""
        self._live = live
        self._upstream = Upstream()
        books = LateBooks(self._link, self._ledger, self._id)
        self._late = LatePolls(books, self._upstream, self._target)
        self._jobs: tuple[Job, ...] = (
            Job("upkeep", self._upkeep.tick, LISTEN_S),
            Job("publication", self._publisher.tick, CONFIG_POLL_S),
            Job("outbox", self._drain, DRAIN_S),
            Job("refusals", self._refusals, REFUSALS_S),
            Job("audit", self._audit, AUDIT_S),
            Job("late", self._late.tick, LATE_POLL_S),
            Job("keys", Keys(self._link, self._ledger).tick, KEYS_S),
            Job("admins", self._admins, AUDIT_S),
            Job("reconcile", self._reconcile, RECONCILE_S),
            Job("health", Sampling(self._link, self._ledger).tick, SAMPLE_S),
            Job("tidy", self._upkeep.tidy, HOUR_S),
        )
        if engines.embedded is not None:
            self._jobs += (Job("valkey", partial(_revive, engines.embedded), REVIVE_S),)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin every job."""
        self._tasks = [asyncio.create_task(repeat(job, _log), name=job.name) for job in self._jobs]

    async def stop(self) -> None:
        """End every job, then bring what is settled into the ledger."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._upstream.aclose()
        try:
            async with asyncio.timeout(SIGN_OFF_S):
                await self._outbox.drain()
                await leave(self._link, self._id)
        except (StorageError, TimeoutError) as error:
            _log.warning("left with settled calls in the outbox", extra={"why": str(error)})

    def _target(self) -> Target | None:
        target = terms_from(self._live.loaded, "", f"{self.sandbox_url}/v1").target
        return target if self.sandbox_url or target.name != "sandbox" else None

    async def _drain(self) -> None:
        while await self._outbox.tick():
            pass

    async def _refusals(self) -> None:
        await close_refusals(self._link)

    async def _audit(self) -> None:
        await write_pending_audit(self._link, self._ledger)

    async def _admins(self) -> None:
        """What admins said while Redis was away."""
        await overrides.publish_pending(self._link, self._ledger)
        await campaigns.publish_pending(self._link, self._ledger)

    async def _reconcile(self) -> None:
        generation = await generations.load(self._link)
        if generation is None:
            return
        report = await reconcile(
            self._link, self._ledger, generation.rules, after_seq=self._checked_seq
        )
        await note(self._link, report, int(time.time() * 1000))
        self._checked_seq = report.seq if not report.missing else self._checked_seq
        if not report.clean:
            _log.critical(
                "ledger and counters differ: run `purser reconcile`",
                extra={
                    "differences": len(report.differences),
                    "missing": report.missing,
                    "quarantined": report.quarantined,
                },
            )

    def _about(self) -> Mapping[str, Any]:
        return {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_ms": self._started_ms,
            "digest": self._live.loaded.digest,
        }


async def _revive(valkey: EmbeddedValkey) -> None:
    if await asyncio.to_thread(valkey.tick):
        _log.error("the private Valkey had ended: it was started anew")
