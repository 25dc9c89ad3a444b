"""A job that fails is done again, and its trouble is told once."""

import asyncio
import logging

import pytest

from app.jobs import Job, repeat
from storage.errors import LedgerUnavailable
from tests.waiting import eventually


async def test_whatever_befalls_a_job_it_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    troubles: list[Exception | None] = [
        LedgerUnavailable("away"), LedgerUnavailable("away"), ZeroDivisionError(), None,
    ]  # fmt: skip
    done = 0

    async def tick() -> None:
        nonlocal done
        if troubles and (trouble := troubles.pop(0)):
            raise trouble
        done += 1

    log = logging.getLogger("purser.test")
    with caplog.at_level(logging.INFO, "purser.test"):
        task = asyncio.create_task(repeat(Job("work", tick, 0.001), log))

        async def worked() -> bool:
            return done > 1

        await eventually(worked, "the job done again")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    said = [record.message for record in caplog.records]
    assert said == ["a job waits", "a job failed", "a job goes on"]
