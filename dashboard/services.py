"""What the panel is given to work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from budget.lifeline import Lifeline
from budget.manual import ManualCosts
from budget.overrides import Limits
from config.settings import Loaded
from dashboard.snapshot import Shared
from storage.keys import Keys
from storage.ledger import Ledger
from storage.redis_link import RedisLink
from storage.sessions import Sessions
from storage.users import Users
from storage.views import Views


@dataclass(frozen=True, slots=True)
class Services:
    """The services of this process. `current` is the configuration in force here.

    `problem` says why a changed configuration file is not used, or is None. `upstream` names
    where calls go (`sandbox` where answers are made up). `cache_dir` may be emptied at any time.
    """

    link: RedisLink
    ledger: Ledger
    lifeline: Lifeline
    keys: Keys
    manual: ManualCosts
    limits: Limits
    users: Users
    sessions: Sessions
    views: Views
    current: Callable[[], Loaded]
    problem: Callable[[], str | None]
    upstream: str
    cache_dir: Path
    secret: bytes = field(repr=False)
    """Of this deployment: signs what browsers keep."""
    forget_sessions: Callable[[], None] = lambda: None
    """Has this process ask SQL again who is logged in: after a change of users or sessions."""
    shared: Shared = field(default_factory=Shared, repr=False, compare=False)
    """Figures that all viewers of this process see."""
