"""Whoever does not answer in time is given up; a busy loop of our own is not their fault."""

import asyncio

import pytest

from storage.patience import LATE_S, Patience


def keep_busy(seconds: float) -> None:
    """Hold the event loop, as a burst of work does."""
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    while clock() < until:
        pass


async def test_silence_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        async with Patience(0.02):
            await asyncio.Event().wait()


async def test_an_answer_in_time_is_taken() -> None:
    async with Patience(20):
        await asyncio.sleep(0)


async def test_an_answer_that_waited_for_our_own_loop_is_taken() -> None:
    loop = asyncio.get_running_loop()
    answer = loop.create_future()

    def busy() -> None:
        keep_busy(0.02 + 2 * LATE_S)
        # The answer lies there, and takes one more turn of the loop to be read.
        loop.call_soon(loop.call_soon, answer.set_result, "here")

    async with Patience(0.02):
        loop.call_soon(busy)
        assert await answer == "here"


async def test_a_loop_that_is_always_busy_gives_up_in_the_end() -> None:
    loop = asyncio.get_running_loop()

    def busy() -> None:
        keep_busy(2 * LATE_S)
        loop.call_later(0.001, busy)

    loop.call_soon(busy)
    with pytest.raises(TimeoutError):
        async with Patience(0.01):
            await asyncio.Event().wait()


async def test_a_cancellation_passes_through() -> None:
    async def wait() -> None:
        async with Patience(20):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_within_passes_through() -> None:
    with pytest.raises(ValueError, match="mine"):
        async with Patience(20):
            raise ValueError("mine")
