"""Where a limit, or the thresholds of one, come from."""

from dataclasses import dataclass
from typing import Literal, Protocol

from config.origins import DEFAULT
from config.rules import Rule
from insights.books import Books


class Told(Protocol):
    """A change with who made it: of `storage.override_history` or `storage.thresholds`."""

    @property
    def who(self) -> str:
        """By whom."""

    @property
    def why(self) -> str:
        """For what reason."""

    @property
    def made_ms(self) -> int:
        """When."""

    @property
    def window_start_ms(self) -> int | None:
        """The only window that it binds; None: until changed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value of a rule comes from."""

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


def overridden(made: Told, version: int) -> Source:
    """Somebody set it."""
    return Source(
        kind="override",
        text=f"set by {made.who}",
        who=made.who,
        why=made.why,
        made_ms=made.made_ms,
        version=version,
        until_changed=made.window_start_ms is None,
    )


def of_file(books: Books, rule: Rule, setting: str, version: int) -> Source:
    """A rule's `setting` as the configuration has it."""
    origin = books.loaded.origins.get(f"budgets.rules[{rule.name}].{setting}", DEFAULT)
    kind: Literal["file", "environment", "default"] = "default"
    if origin.file is not None:
        kind = "file"
    elif origin.variable is not None:
        kind = "environment"
    return Source(kind, str(origin), origin.file, origin.line, origin.variable, version=version)
