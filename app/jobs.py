"""What a process does again and again beside its calls."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from storage.errors import NotReady, StorageError


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `pause_s` seconds."""

    name: str
    tick: Callable[[], Awaitable[Any]]
    pause_s: float


async def repeat(job: Job, log: logging.Logger) -> None:
    """One job for ever. Trouble is told when it begins and when it ends, not every time."""
    trouble = ""
    while True:
        try:
            await job.tick()
        except StorageError as error:
            if trouble != str(error):
                level = logging.INFO if isinstance(error, NotReady) else logging.WARNING
                log.log(level, "a job waits", extra={"job": job.name, "why": str(error)})
            trouble = str(error)
        except Exception:
            # One job's fault must not stop the others: money in flight depends on them.
            log.exception("a job failed", extra={"job": job.name})
            trouble = "failed"
        else:
            if trouble:
                log.info("a job goes on", extra={"job": job.name})
            trouble = ""
        await asyncio.sleep(job.pause_s)
