"""Whether the audit log's chain is whole: followed bit by bit while somebody looks, for all.

Lines are hashed in a thread, so many at a look that a look stays quick; a whole round begins
anew when the last is old, because a line behind may be changed at any time.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from storage.audit import GENESIS, Link, checked, following_lines
from storage.ledger import Ledger

LINES_A_LOOK: Final = 4_000
ROUND_S: Final = 300.0
"""A finished round is good for so long."""
PROBLEMS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the chain was followed. `done_ms` is when the last whole round ended, or None."""

    seq: int
    problems: tuple[str, ...]
    whole: bool
    done_ms: int | None


class Chain:
    """The chain of one ledger; everyone who looks brings it further."""

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine
        self._one = asyncio.Lock()
        self._at = Link(0, GENESIS)
        self._problems: list[str] = []
        self._began = time.monotonic()
        self._state = Verified(0, (), False, None)

    async def look(self) -> Verified:
        """Follow it further, and say how it stands. Raises what storage does."""
        if self._one.locked():
            return self._state
        async with self._one:
            await self._advance()
        return self._state

    async def _advance(self) -> None:
        if self._state.whole and time.monotonic() - self._began > ROUND_S:
            self._at, self._problems, self._began = Link(0, GENESIS), [], time.monotonic()
        lines = await following_lines(self._engine, self._at.seq, LINES_A_LOOK)
        found, self._at = await asyncio.to_thread(checked, lines, self._at)
        self._problems = [*self._problems, *found][:PROBLEMS_MAX]
        whole = len(lines) < LINES_A_LOOK
        done_ms = int(time.time() * 1000) if whole else self._state.done_ms
        self._state = Verified(self._at.seq, tuple(self._problems), whole, done_ms)
