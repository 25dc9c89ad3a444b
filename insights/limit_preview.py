"""What a new limit would do, before it is set."""

from dataclasses import dataclass

from insights.books import Books, Tone
from insights.rules import RuleRow


@dataclass(frozen=True, slots=True)
class LimitPreview:
    """The consequence of a limit. Amounts nano-dollars."""

    rule: str
    value_name: str
    limit_nano: int
    now_nano: int
    """The limit in force."""
    remaining_nano: int
    utilisation_mille: int | None
    tone: Tone
    refuses_now: bool
    """Every further call of this budget would be refused at once."""
    over_by_nano: int
    """How far posted and held are above it; 0 where they are not."""
    runs_out_ms: int | None
    """At the expected pace; None: not before the window's end, or nothing is foretold."""
    runs_out_now_ms: int | None
    """The same under the limit in force."""
    recent_refused: int
    """Calls admitted in the last hour that would not have fitted one by one (held alone above
    what remains)."""
    sentence: str


async def limit_preview(books: Books, row: RuleRow, limit_nano: int) -> LimitPreview:
    """What `limit_nano` would mean for `row` (of `insights.rules.rules`)."""
    raise NotImplementedError
