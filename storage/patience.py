"""A time limit for what others do, which their waiting for us does not use up."""

import asyncio
from types import TracebackType
from typing import Final

LATE_S: Final = 0.05
"""A timer that fires this much late says that our own event loop was busy."""
LATE_TIMES_MAX: Final = 10
"""A loop that is always late must not wait for ever."""


class Patience:
    """`async with Patience(seconds)`: raises `TimeoutError` as `asyncio.timeout` does.

    In an event loop with much to do the answer may have come long ago, and nobody has read it:
    whoever did not answer in time would be blamed for our own slowness. When the limit is
    noticed late, it begins anew, up to `LATE_TIMES_MAX` times.
    """

    __slots__ = ("_due", "_late", "_limit", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._late = 0

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._begin()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _begin(self) -> None:
        self._due = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if now - self._due > LATE_S and self._late < LATE_TIMES_MAX:
            self._late += 1
            self._begin()
        else:
            self._limit.reschedule(now)
