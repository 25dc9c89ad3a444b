"""Responses in the background: queued, in progress, then done, or cancelled on the way."""

import asyncio
import time
from dataclasses import replace
from typing import Any

from sandbox.account import Call
from sandbox.answer import Answer
from sandbox.errors import ApiError
from sandbox.prices import provider_nano
from sandbox.usage import Units, response_usage
from sandbox.world import World

OPEN = ("queued", "in_progress")


class Job:
    """One response on its way. Half of its time it waits, half of it it is written."""

    def __init__(self, world: World, call: Call, answer: Answer, seconds: float) -> None:
        self.done = asyncio.Event()
        self._world = world
        self._call = call
        self._answer = answer
        self._seconds = seconds
        self._began = 0.0
        self.document = self._show("queued")

    def start(self) -> None:
        """Go on by the clock."""
        self._world.after(self._seconds / 2, self._progress)
        self._world.after(self._seconds, self._finish)

    def cancel(self) -> dict[str, Any]:
        """Stop: what had been written is billed, and nothing of what only waited."""
        units = Units()
        if self.document["status"] == "in_progress":
            passed = min((time.monotonic() - self._began) / (self._seconds / 2 or 1), 1.0)
            whole = self._answer.units
            units = replace(whole, web_searches=0, file_searches=0, code_sessions=0)
            units = units.cut_to(int(whole.output_tokens * passed))
        self._end("cancelled", units)
        if units.total_tokens:
            self._show("cancelled", usage=response_usage(units))
        return self.document

    def _progress(self) -> None:
        if not self.done.is_set():
            self._began = time.monotonic()
            self._show("in_progress")

    def _finish(self) -> None:
        if self.done.is_set():
            return
        self._bill(self._answer.units)
        if self._answer.finish is not None:
            self._answer.finish()
        self.document = self._answer.document or {}
        self.done.set()

    def _end(self, status: str, units: Units) -> None:
        self._bill(units)
        self._show(status)
        self.done.set()

    def _bill(self, units: Units) -> None:
        nano = provider_nano(self._answer.model, units, self._answer.tier)
        self._world.account.bill_late(self._call, units, nano)

    def _show(self, status: str, usage: dict[str, Any] | None = None) -> dict[str, Any]:
        """What a retrieval sees from now on."""
        self.document = unfinished(self._answer, status) | {"usage": usage}
        self._world.memory.show(self.document)
        return self.document


class Background:
    """The responses that are under way, by id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._jobs: dict[str, Job] = {}

    def start(self, call: Call, answer: Answer, seconds: float) -> dict[str, Any]:
        """Begin; the document that the order is answered with."""
        self._jobs = {name: job for name, job in self._jobs.items() if not job.done.is_set()}
        job = Job(self._world, call, answer, seconds)
        self._jobs[job.document["id"]] = job
        job.start()
        return job.document

    def cancel(self, name: str) -> dict[str, Any]:
        """The body of a cancellation; raises `ApiError` 400 or 404."""
        document = self._world.memory.one(name)
        if not document["background"]:
            raise ApiError(400, "Cannot cancel a synchronous response.", param="response_id")
        job = self._jobs.get(name)
        return document if job is None or job.done.is_set() else job.cancel()

    async def until_done(self, name: str) -> None:
        """Wait for a response that is under way."""
        job = self._jobs.get(name)
        if job is not None:
            await job.done.wait()


def unfinished(answer: Answer, status: str) -> dict[str, Any]:
    """The response while it is not done: without output and usage."""
    whole = answer.document or {}
    return {**whole, "status": status, "output": [], "usage": None, "incomplete_details": None}
