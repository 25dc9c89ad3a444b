"""Every rule, and every live value of an `each` rule, as it stands now."""

from dataclasses import dataclass
from typing import Literal

from config.rules import Dimension, Rule
from insights.books import Books, Tone
from storage.holds import Interval


@dataclass(frozen=True, slots=True)
class LimitSource:
    """Where a limit comes from."""

    kind: Literal["override", "environment", "file", "default"]
    text: str
    """`config/purser.yaml:12`, `environment MAX_MONTHLY_BUDGET`, or who set it."""
    file: str | None = None
    line: int | None = None
    variable: str | None = None
    who: str | None = None
    why: str | None = None
    made_ms: int | None = None
    version: int = 0
    """For the optimistic lock: the version that the next change expects; 0: never any."""
    until_changed: bool = False
    """Binds until changed, not for one window alone."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One budget now: a rule, or one value of an `each` rule. Amounts nano-dollars."""

    rule: Rule
    value: tuple[tuple[Dimension, str], ...]
    """() for the rule itself; else the value's names as `budget.overrides.Wanted` takes them."""
    value_name: str
    """"" for the rule itself; "other" for the shared value."""
    window: Interval
    resets_ms: int | None
    """None for `total`."""
    posted_nano: int
    held_nano: int
    live: bool
    """Posted and held by Redis; else by the ledger (held 0), while Redis is away."""
    limit_nano: int
    file_limit_nano: int
    """What binds once an override is lifted."""
    source: LimitSource
    locked: bool
    refused: int
    """Calls this rule refused in its window."""
    utilisation_mille: int | None
    tone: Tone
    values: int
    """Of an `each` rule's own row: how many values are live."""
    alert_at_mille: tuple[int, ...]


async def rules(books: Books, *, values_max: int = 200) -> tuple[RuleRow, ...]:
    """Rules in the order of the file, each followed by its fullest values."""
    raise NotImplementedError
