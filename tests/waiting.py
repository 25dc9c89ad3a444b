"""Waiting for a condition instead of for a time: what tests use in place of a sleep."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

PACE_S = 0.02
"""How often a condition is looked at."""
LONG_S = 60.0
"""Far more than anything takes: a machine that runs other things beside is slow, not wrong."""

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, seconds: float = LONG_S) -> T:
    """The first truthy value of `condition`; fails naming `what` after `seconds`."""
    deadline = monotonic() + seconds
    pace = threading.Event()
    while True:
        if value := condition():
            return value
        if monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s (last seen: {value!r})")
        pace.wait(PACE_S)


async def eventually(
    condition: Callable[[], Awaitable[T]], what: str, seconds: float = LONG_S
) -> T:
    """`wait_for` for a condition that has to be awaited."""
    deadline = monotonic() + seconds
    while True:
        if value := await condition():
            return value
        if monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s (last seen: {value!r})")
        await asyncio.sleep(PACE_S)
