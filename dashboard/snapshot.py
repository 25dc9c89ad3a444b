"""Figures that are made once a tick for everybody who looks at the same thing.

Ten viewers of one period cost one look into the ledger. While storage is away the last figures
stay, with the reason; what nobody looks at any more is forgotten.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from budget.errors import BudgetError
from storage.errors import StorageError

T = TypeVar("T")

FRESH_S: Final = 4.0
"""A little shorter than a page's tick: one who looks alone sees something new each time, and many
who look cost hardly more."""
KEPT_S: Final = 60.0
"""How long figures are kept after the last look at them."""
KEPT_MAX: Final = 64
"""How many different views are kept; the one that was not looked at for longest goes first."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[T]):
    """Figures as they were at `made_s` (`time.monotonic`). `why_stale` says why there are no newer
    ones, or is empty."""

    figures: T
    made_s: float
    why_stale: str = ""

    @property
    def age_ms(self) -> int:
        """How long ago they were made."""
        return int((time.monotonic() - self.made_s) * 1000)


@dataclass(slots=True)
class _Shelf:
    last: Snapshot[Any] | None = None
    tried_s: float = float("-inf")
    looked_s: float = 0.0
    task: "asyncio.Task[Snapshot[Any]] | None" = field(default=None, repr=False)


class Shared:
    """Snapshots by what is looked at. One for all viewers of a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shelves: OrderedDict[Hashable, _Shelf] = OrderedDict()

    def __len__(self) -> int:
        return len(self._shelves)

    async def get(
        self,
        key: Hashable,
        make: Callable[[T | None], Awaitable[T]],
        fresh_s: float = FRESH_S,
    ) -> Snapshot[T]:
        """The figures of `key`, at most `fresh_s` old, or the last there were with the reason.

        `make` is given the last ones, to return them where nothing has changed. What it raises
        is raised here only while there are none to show.
        """
        shelf = self._shelf(key)
        if shelf.last is not None and self._clock() - shelf.tried_s < fresh_s:
            return shelf.last
        if shelf.task is None:
            shelf.task = asyncio.create_task(self._made(shelf, make))
            shelf.task.add_done_callback(lambda _task: setattr(shelf, "task", None))
        # One who leaves does not take the figures from the others.
        return await asyncio.shield(shelf.task)

    def drop(self) -> None:
        """Make everything anew at the next look: somebody has just changed something."""
        for shelf in self._shelves.values():
            shelf.tried_s = float("-inf")

    def _shelf(self, key: Hashable) -> _Shelf:
        now = self._clock()
        shelf = self._shelves.setdefault(key, _Shelf())
        shelf.looked_s = now
        self._shelves.move_to_end(key)
        while len(self._shelves) > KEPT_MAX:
            self._shelves.popitem(last=False)
        while (oldest := next(iter(self._shelves.values()))).looked_s < now - KEPT_S:
            assert oldest is not shelf
            self._shelves.popitem(last=False)
        return shelf

    async def _made(self, shelf: _Shelf, make: Callable[[T | None], Awaitable[T]]) -> Snapshot[T]:
        last = shelf.last
        shelf.tried_s = self._clock()
        try:
            figures = await make(last.figures if last else None)
        except (StorageError, BudgetError) as error:
            if last is None:
                raise
            shelf.last = Snapshot(last.figures, last.made_s, str(error))
        else:
            shelf.last = Snapshot(figures, self._clock())
        return shelf.last
