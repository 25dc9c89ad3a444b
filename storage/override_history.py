"""Who set which limit, when and why: the history behind `storage.overrides`.

`in_force` and `taken_back` also fold other changes that bind a window or until changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import select

from storage.database import once, reading
from storage.ledger import Ledger
from storage.tables import budget_override

_table = budget_override.c


class Dated(Protocol):
    """A change for one window, or until changed (`window_start_ms` None)."""

    @property
    def window_start_ms(self) -> int | None:
        """The start of the only window that it binds."""

    @property
    def made_ms(self) -> int:
        """When it was made."""

    @property
    def lifts(self) -> bool:
        """Whether it sets nothing in the place of what it ends."""


_Change = TypeVar("_Change", bound=Dated)


@dataclass(frozen=True, slots=True)
class Made:
    """One change of a limit. `limit_nano` None lifted it; `window_start_ms` None: until changed."""

    counter: str
    value: str
    value_name: str
    version: int
    limit_nano: int | None
    window_start_ms: int | None
    made_ms: int
    who: str
    why: str

    @property
    def lifts(self) -> bool:
        """Whether it sets nothing in the place of what it ends."""
        return self.limit_nano is None


@once
async def changes(ledger: Ledger, counter: str | None = None) -> list[Made]:
    """Every change (of one counter), oldest first."""
    names = Made.__slots__
    query: Any = select(*(_table[name] for name in names)).order_by(_table.made_ms, _table.version)
    if counter is not None:
        query = query.where(_table.counter == counter)
    async with reading(ledger.engine) as connection:
        return [Made(*row) for row in await connection.execute(query)]


def in_force(made: Sequence[_Change], window_start_ms: int, at_ms: int) -> _Change | None:
    """Which of the changes of one rule or value, oldest first, bound a window at a moment."""
    until: _Change | None = None
    window: _Change | None = None
    for change in made:
        if change.made_ms > at_ms:
            break
        if change.window_start_ms is None:
            until = None if change.lifts else change
            # It lifts those of windows that have begun.
            window = window if window_start_ms > change.made_ms else None
        elif change.window_start_ms == window_start_ms:
            window = None if change.lifts else change
    return window or until


def taken_back(
    made: Sequence[_Change], window_start_ms: int
) -> list[tuple[int | None, _Change | None]]:
    """What to set, in order, so that what bound before the last change binds again.

    Each is a window (None: until changed) and the change whose word is repeated for it (None:
    lift). One until changed also lifted that of the window that runs: both are put back.
    """
    last, before = made[-1], made[:-1]
    if last.window_start_ms is not None:
        return [(last.window_start_ms, _set_for(before, last.window_start_ms))]
    back: list[tuple[int | None, _Change | None]] = [(None, _set_for(before, None))]
    bound = in_force(before, window_start_ms, last.made_ms)
    if bound is not None and bound.window_start_ms == window_start_ms:
        back.append((window_start_ms, bound))
    return back


def _set_for(made: Sequence[_Change], window_start_ms: int | None) -> _Change | None:
    """What was set for one window, or until changed, by the changes so far."""
    found: _Change | None = None
    for one in made:
        if one.window_start_ms == window_start_ms:
            found = None if one.lifts else one
        elif one.window_start_ms is None and (window_start_ms or 0) <= one.made_ms:
            found = None
    return found
