"""What a procedure works with: the services of this process, and who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from budget.lifeline import Lifeline
from budget.manual import ManualCosts
from budget.overrides import Limits
from config.settings import Loaded
from storage.key_records import KeyRecord, Kind
from storage.ledger import Ledger
from storage.redis_link import RedisLink

PLACE = "api"
"""Where from, in the audit log."""


class KeyFinder(Protocol):
    """Where admin tokens are found: `storage.keys.Keys`."""

    async def find(self, secret: str, kind: Kind = "proxy") -> KeyRecord:
        """The live key of a secret; raises `BadKey`, and a `StorageError` where none can say."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the API is given to work with. `current` is the configuration in force here."""

    link: RedisLink
    ledger: Ledger
    lifeline: Lifeline
    keys: KeyFinder
    manual: ManualCosts
    limits: Limits
    current: Callable[[], Loaded]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: the name of an admin token, and its role."""

    name: str
    role: Literal["admin", "viewer"]


@dataclass(frozen=True, slots=True)
class Context:
    """One request."""

    services: Services
    actor: Actor
    idempotency_key: str | None = None
