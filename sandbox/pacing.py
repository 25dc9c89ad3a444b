"""Time between events, and a client that leaves: noticed at once, also in mid-wait."""

import asyncio
import time

from starlette.types import Receive


class Departure:
    """Watches for the client's disconnect while something else goes on."""

    def __init__(self, receive: Receive) -> None:
        self.noticed_ns: int | None = None
        self._task = asyncio.ensure_future(self._watch(receive))

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.noticed_ns = time.monotonic_ns()

    async def within(self, seconds: float) -> bool:
        """Wait so long, or until the client leaves: whether it has left."""
        if seconds <= 0:
            await asyncio.sleep(0)
        ends = time.monotonic() + seconds
        # The loop's timers are coarse, and may ring a little early.
        while self.noticed_ns is None and (rest := ends - time.monotonic()) > 0:
            await asyncio.wait((self._task,), timeout=rest)
        return self.noticed_ns is not None

    async def happens(self) -> None:
        """Wait until the client leaves."""
        await asyncio.wait((self._task,))

    async def stop(self) -> None:
        """Watch no longer."""
        self._task.cancel()
        await asyncio.wait((self._task,))


class Pace:
    """An even rhythm: the n-th event leaves n delays after the first, whatever sending took."""

    def __init__(self, delay_ms: float) -> None:
        self._delay_s = delay_ms / 1000
        self._next_s = time.monotonic()

    def wait_s(self) -> float:
        """How long until the next event is due, seconds."""
        if not self._delay_s:
            return 0.0
        self._next_s += self._delay_s
        return max(self._next_s - time.monotonic(), 0.0)
