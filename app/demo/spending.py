"""The agents at work: so many at once, until told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Final

from app.demo.agents import SANDBOX, Agents, Answer, NotASandbox
from app.demo.display import Display
from app.demo.tally import Tally
from app.demo.workload import Ask, asks
from config.rates import AGENT_TYPES

AT_ONCE: Final = len(AGENT_TYPES)
FAILED_IN_A_ROW_MAX: Final = 3 * AT_ONCE


class Spending:
    """One run. It ends after `calls`, after `seconds`, or when `stop` is set."""

    def __init__(self, agents: Agents, tally: Tally, seed: int, calls: int | None) -> None:
        self._agents = agents
        self._tally = tally
        self._asks: Iterator[Ask] = asks(seed) if calls is None else islice(asks(seed), calls)
        self._failed_in_a_row = 0
        self.stop = asyncio.Event()
        self.problem: NotASandbox | None = None

    async def run(self, display: Display, seconds: float | None) -> None:
        """Spend, showing how things stand. Calls in flight are always waited for."""
        workers = [asyncio.create_task(self._work()) for _ in range(AT_ONCE)]
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self.stop.set)
        pending = set(workers)
        while pending:
            _, pending = await asyncio.wait(pending, timeout=display.pause_s)
            display.update()
        self._tally.end()
        await asyncio.gather(*workers)

    async def _work(self) -> None:
        for ask in self._asks:
            if await self._stopped_within(ask.pause_s):
                return
            answer = await self._agents.ask(ask)
            self._tally.count(ask, answer)
            self._look(answer)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        except TimeoutError:
            return False
        return True

    def _look(self, answer: Answer) -> None:
        """Stop where it makes no sense, or is not right, to go on."""
        lost = answer.status == 0 or answer.status >= 500
        self._failed_in_a_row = self._failed_in_a_row + 1 if lost else 0
        if self._failed_in_a_row >= FAILED_IN_A_ROW_MAX:
            self.problem = NotASandbox("Purser has stopped answering")
            self.stop.set()
        elif answer.upstream not in (SANDBOX, None):
            self.problem = NotASandbox(
                f"a call was answered by {answer.upstream}, not by the sandbox: stopped at once"
            )
            self.stop.set()


@asynccontextmanager
async def stopping_at_ctrl_c(stop: asyncio.Event) -> AsyncIterator[None]:
    """The first Ctrl-C (or SIGTERM) sets `stop`; a second one ends this process as usual."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def first() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, first)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
