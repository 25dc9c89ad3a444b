"""What figures are read from: the ledger, Redis where it answers, the configuration in force."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, TypeVar

from config.rules import Counts, Rule
from config.settings import Loaded
from storage.database import one_moment
from storage.ledger import Ledger
from storage.redis_link import RedisLink

P = ParamSpec("P")
T = TypeVar("T")

Tone = Literal["green", "yellow", "red"]
"""green: below 80 % of the limit; yellow: 80–100 %; red: above it, or calls are refused."""

YELLOW_MILLE = 800


@dataclass(frozen=True, slots=True)
class Books:
    """One moment's view. `now_ms` is Redis's clock as last heard (milliseconds, UTC)."""

    ledger: Ledger
    link: RedisLink
    loaded: Loaded
    now_ms: int

    @property
    def timezone(self) -> str:
        """The zone in which days begin."""
        return self.loaded.settings.budgets.timezone

    @property
    def primary(self) -> Rule | None:
        """The rule behind the overview."""
        return self.loaded.primary

    @property
    def counts(self) -> Counts:
        """What the primary rule counts: what "spent" means on the overview."""
        return self.primary.counts if self.primary else Counts.CHARGE


def at_one_moment(
    ask: Callable[Concatenate[Books, P], Awaitable[T]],
) -> Callable[Concatenate[Books, P], Awaitable[T]]:
    """All that a question reads of the ledger is as of one moment, and comes by one connection."""

    @wraps(ask)
    async def asked(books: Books, /, *args: P.args, **more: P.kwargs) -> T:
        async with one_moment(books.ledger.engine):
            return await ask(books, *args, **more)

    return asked


def tone_of(spent_nano: int, limit_nano: int | None, *, refusing: bool = False) -> Tone:
    """Green, yellow or red; without a limit green unless calls are refused."""
    if refusing or (limit_nano is not None and spent_nano > limit_nano):
        return "red"
    if limit_nano is not None and spent_nano * 1000 >= YELLOW_MILLE * limit_nano:
        return "yellow"
    return "green"


def mille_of(part: int, whole: int | None) -> int | None:
    """`part` of `whole` in per mille, rounded to the nearest; None where there is no whole."""
    return (part * 2000 + whole) // (2 * whole) if whole else None
