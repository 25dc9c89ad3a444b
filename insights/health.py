"""How the machinery stands."""

from dataclasses import dataclass
from typing import Literal

from insights.books import Books


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the machinery, in words."""

    name: Literal["redis", "sql", "outbox", "proxies", "janitor", "reconcile", "config", "upstream"]
    state: Literal["ok", "degraded", "down"]
    says: str


@dataclass(frozen=True, slots=True)
class Process:
    """A process that beats."""

    name: str
    kind: str
    holds: int


@dataclass(frozen=True, slots=True)
class DayUp:
    """A day of minute samples. Minutes without one were downtime (or before the first start)."""

    start_ms: int
    minutes: int
    """Minutes of this day that are over and not before the first sample."""
    up: int
    """Of these, minutes in which Redis and SQL answered and a proxy lived."""


@dataclass(frozen=True, slots=True)
class Health:
    """The section."""

    parts: tuple[Part, ...]
    processes: tuple[Process, ...]
    holds: int | None
    held_nano: int | None
    oldest_hold_ms: int | None
    outbox_bytes: int | None
    behind: int | None
    """Settled entries that the ledger does not have yet."""
    seq: int | None
    quarantined: tuple[int, ...]
    reconciled_ms: int | None
    """When a janitor last compared counters and ledger; None: not since Redis was started."""
    reconciled_clean: bool | None
    days: tuple[DayUp, ...]
    """90, oldest first."""
    uptime_mille: int | None
    price_version: str
    generation: str | None
    config_digest: str
    config_problem: str | None
    sandbox: bool
    frozen: str
    """"" or who froze and why, as JSON text."""


async def health(books: Books, problem: str | None = None) -> Health:
    """How things stand; `problem` is what is wrong with the file of this process."""
    raise NotImplementedError
