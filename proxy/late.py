"""Asks the provider for late work that no client has retrieved, and finds what was orphaned."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

from budget.late import LateBooks
from config.bounds import HOUR_S, LATE_POLL_PAUSE_S_MAX, LATE_POLL_S, SECOND_MS
from proxy.errors import UpstreamError
from proxy.fetch import Fetch, NotFound
from proxy.forward import Target, Upstream
from proxy.late_calls import HOLD_KEY
from proxy.late_results import batch_result, response_result
from storage.jobs import BATCH, LateJob

PAGE: Final = 100
PAGES_MAX: Final = 50
_log = logging.getLogger("purser.late")


@dataclass(slots=True)
class _Pause:
    """When one job is asked for again."""

    next_s: float
    pause_s: float = LATE_POLL_S


class LatePolls:
    """One janitor's questions. `target` None: there is no upstream to ask yet."""

    def __init__(
        self, books: LateBooks, upstream: Upstream, target: Callable[[], Target | None]
    ) -> None:
        self._books = books
        self._upstream = upstream
        self._target = target
        self._pauses: dict[str, _Pause] = {}

    async def tick(self) -> None:
        """Look at every job once; raises what storage raises."""
        jobs = await self._books.unfinished()
        self._pauses = {
            job.facts.hold_id: self._pauses.get(job.facts.hold_id, _Pause(0.0)) for job in jobs
        }
        if not jobs:
            return
        now_ms = await self._books.now_ms()
        for job in jobs:
            if now_ms > job.deadline_ms and not job.assumed:
                await self._books.assume(job)
        fetch = self._fetch()
        if fetch is None:
            return
        due = [job for job in jobs if job.pollable and self._due(job)]
        found = await self._orphans(fetch, [job for job in due if job.provider_id is None])
        for job in (*due, *found):
            if job.provider_id is not None:
                await self._ask(fetch, job)

    def _fetch(self) -> Fetch | None:
        target = self._target()
        if target is None or target.api_key is None:
            return None
        key = (b"authorization", b"Bearer " + target.api_key.encode())
        return Fetch(self._upstream, target, [key, (b"accept-encoding", b"identity")])

    def _due(self, job: LateJob) -> bool:
        """Whether to ask now; each question doubles the pause before the next."""
        pause = self._pauses[job.facts.hold_id]
        if monotonic() < pause.next_s:
            return False
        pause.next_s = monotonic() + pause.pause_s
        pause.pause_s = min(LATE_POLL_PAUSE_S_MAX, pause.pause_s * 2)
        return True

    async def _ask(self, fetch: Fetch, job: LateJob) -> None:
        try:
            folder = "batches" if job.kind == BATCH else "responses"
            shown, raw = await fetch.json(folder, str(job.provider_id))
            if job.kind == BATCH:
                result = await batch_result(job, shown, fetch)
            else:
                result = await response_result(job, shown, raw)
        except NotFound as error:
            if error.gone and not job.assumed:
                await self._books.assume(job)
            return
        except UpstreamError as error:
            _log.info("late work is not shown", extra={"job": job.name, "why": str(error)})
            return
        if result is not None:
            await self._books.end(job, result)

    async def _orphans(self, fetch: Fetch, nameless: Iterable[LateJob]) -> list[LateJob]:
        """Adopt batches that were made by calls which never heard of it."""
        orphans = {job.facts.hold_id: job for job in nameless if job.kind == BATCH and job.assumed}
        if not orphans:
            return []
        oldest_s = min(job.admitted_ms for job in orphans.values()) // SECOND_MS - HOUR_S
        adopted: list[LateJob] = []
        try:
            async for batch in _listed(fetch, oldest_s):
                job = orphans.pop(_hold_of(batch), None)
                if job is not None:
                    adopted.append(await self._books.adopt(job, str(batch.get("id"))))
                if not orphans:
                    break
        except UpstreamError as error:
            _log.info("batches are not listed", extra={"why": str(error)})
        return adopted


async def _listed(fetch: Fetch, oldest_s: int) -> AsyncIterator[dict[str, Any]]:
    """The provider's batches, newest first, back to those made before `oldest_s`."""
    after = b""
    for _ in range(PAGES_MAX):
        page, _ = await fetch.json("batches", query=b"limit=%d" % PAGE + after)
        data = page.get("data")
        listed = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
        for batch in listed:
            yield batch
        if not listed or not page.get("has_more"):
            return
        created_s = listed[-1].get("created_at")
        # One that is no number says nothing: then only the count of pages ends the list.
        if isinstance(created_s, int) and created_s < oldest_s:
            return
        after = b"&after=" + quote(str(listed[-1].get("id")), safe="").encode()


def _hold_of(batch: dict[str, Any]) -> str:
    metadata = batch.get("metadata")
    return str(metadata.get(HOLD_KEY)) if isinstance(metadata, dict) else ""
