"""Telling storage something until it is acknowledged, whatever becomes of who asked for it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from config.bounds import VOID_REPEAT_S
from storage.errors import StorageError

T = TypeVar("T")
_PAUSE_S_MAX: Final = 2.0


class Repeats:
    """Attempts under way, each in a task of its own that no cancellation of a request reaches."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self, attempt: Callable[[], Awaitable[T]], waits: Callable[[StorageError], None]
    ) -> asyncio.Future[T | None]:
        """Attempt until storage does not fail; `waits` is told of each time that it does.

        The future, which is to be shielded, has the first answer and not the last: None where
        storage failed. What else an attempt raises ends it, and is raised by the future.
        """
        first: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(_repeat(attempt, waits, first))
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, first))
        return first

    async def wait(self, timeout_s: float) -> bool:
        """Wait until all are acknowledged: before a process leaves. False where some are not."""
        if not self._tasks:
            return True
        _, pending = await asyncio.wait(self._tasks, timeout=timeout_s)
        return not pending

    def _over(self, first: asyncio.Future[T | None], task: "asyncio.Task[None]") -> None:
        """Whoever waits for a task that failed would wait for ever."""
        self._tasks.discard(task)
        if first.done():
            return
        error = None if task.cancelled() else task.exception()
        if error is None:
            first.cancel()
        else:
            first.set_exception(error)


async def _repeat(
    attempt: Callable[[], Awaitable[T]],
    waits: Callable[[StorageError], None],
    first: asyncio.Future[T | None],
) -> None:
    pause_s = VOID_REPEAT_S
    while True:
        try:
            answer = await attempt()
        except StorageError as error:
            waits(error)
        else:
            if not first.done():
                first.set_result(answer)
            return
        if not first.done():
            first.set_result(None)
        await asyncio.sleep(pause_s)
        pause_s = min(_PAUSE_S_MAX, pause_s * 2)
