"""Failed logins in the audit log: in bulk, so that a guesser cannot fill it."""

import time
from typing import Final

from dashboard.context import PLACE
from storage.audit import Act
from storage.ledger import Ledger

PAUSE_S: Final = 60.0
"""One line tells of all failures in this time."""


class Guesses:
    """Counts failures; the first of a quiet time is told at once, the others with the next."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._told_at = -PAUSE_S
        self._untold = 0

    async def note(self, name: str, address: str) -> None:
        """A login of `name` from `address` has failed; an unusable name is not repeated."""
        self._untold += 1
        now = time.monotonic()
        if now < self._told_at + PAUSE_S:
            return
        count, self._untold, self._told_at = self._untold, 0, now
        last = f"the last as {name or 'an unusable name'} from {address}"
        await self._ledger.audit(
            Act("login.failed", name or "unknown", PLACE, None, f"{count} failed, {last}")
        )
