"""The parts of the machinery as an admin reads them: what each is for, and how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.components.machinery import Stand
from insights.health import Health, Part

REDIS_KNOWS: Final = frozenset({"outbox", "proxies", "janitor", "reconcile"})
"""What nobody can tell while Redis is away."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is always said of a part."""

    name: str
    icon_name: str
    does: str
    mend: str


PARTS: Final[Mapping[str, Told]] = {
    "redis": Told(
        "Redis", "spent", "holds and counters",
        "No call is admitted until it answers. Look whether it runs and whether "
        "storage.redis_url reaches it: counters are rebuilt from ledger and outbox by themselves.",
    ),
    "sql": Told(
        "SQL", "tokens", "the ledger",
        "Calls go on and the outbox waits; nothing is lost. Bring the database back before the "
        "outbox is full: then admission closes.",
    ),
    "outbox": Told(
        "Outbox", "transactions", "settled, not yet in the ledger",
        "The janitor writes too slowly: look at SQL and the janitor. When it is full, admission "
        "closes.",
    ),
    "proxies": Told(
        "Proxies", "requests", "serve calls",
        "Nobody serves calls: start `purser serve`, or `purser proxy`.",
    ),
    "janitor": Told(
        "Janitor", "refresh", "writes the ledger, watches",
        "Nothing reaches the ledger, and holds of dead processes stay: start `purser janitor`.",
    ),
    "reconcile": Told(
        "Reconcile", "completed", "compares counters and ledger",
        "`purser reconcile` lists what differs, and mends it with --repair.",
    ),
    "config": Told(
        "Configuration", "settings", "the file in force",
        "The last good configuration stays in force. `purser check-config` names the line that "
        "is wrong.",
    ),
    "upstream": Told(
        "Upstream", "share", "where calls go",
        "Set OPENAI_API_KEY for the upstream and start again, and calls are paid for real.",
    ),
}  # fmt: skip
"""In the order in which they are shown."""


def stands(found: Health) -> list[Stand]:
    """Every part, those that Redis tells of too while it is away."""
    parts = {part.name: part for part in found.parts}
    return [_stand(name, told, parts.get(name), found) for name, told in PARTS.items()]  # type: ignore[call-overload]


def _stand(name: str, told: Told, part: Part | None, found: Health) -> Stand:
    if part is None:
        why = "Not known while Redis is away"
        return Stand(told.name, told.icon_name, "unknown", why, told.does)
    sandbox = name == "upstream" and found.sandbox
    return Stand(
        told.name,
        told.icon_name,
        part.state,
        part.says if part.says.startswith("/") else f"{part.says[:1].upper()}{part.says[1:]}",
        told.does,
        told.mend if part.state != "ok" or sandbox else "",
        "sandbox" if sandbox else "",
    )
