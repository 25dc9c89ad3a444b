"""What a new limit would do, before it is set."""

from dataclasses import dataclass

from config.money import NANO_PER_USD
from config.rates import canonical_agent
from insights.books import Books, Tone, at_one_moment, mille_of, tone_of
from insights.outlook import outlook
from insights.period import HOUR_MS, local_day
from insights.rules import RuleRow
from storage.queries import Filter
from storage.rows_found import count_held_above


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


@at_one_moment
async def limit_preview(books: Books, row: RuleRow, limit_nano: int) -> LimitPreview:
    """What `limit_nano` would mean for `row` (of `insights.rules.rules`)."""
    spent, taken = row.posted_nano, row.posted_nano + row.held_nano
    remaining = limit_nano - taken
    ahead = None
    if not row.value and not row.rule.each:
        ahead = await outlook(books.ledger, row.rule, row.window, spent, books.now_ms)
    runs_out = ahead.runs_out_ms(limit_nano) if ahead else None
    recent = await _would_not_fit(books, row, remaining) if remaining > 0 else 0
    refuses = remaining <= 0
    return LimitPreview(
        rule=row.rule.name,
        value_name=row.value_name,
        limit_nano=limit_nano,
        now_nano=row.limit_nano,
        remaining_nano=remaining,
        utilisation_mille=mille_of(spent, limit_nano),
        tone=tone_of(spent, limit_nano, refusing=refuses),
        refuses_now=refuses,
        over_by_nano=max(0, -remaining),
        runs_out_ms=runs_out,
        runs_out_now_ms=ahead.runs_out_ms(row.limit_nano) if ahead else None,
        recent_refused=recent,
        sentence=_sentence(
            row, limit_nano, remaining, runs_out, recent, foretold=bool(ahead and ahead.steps)
        ),
    )


async def _would_not_fit(books: Books, row: RuleRow, remaining_nano: int) -> int:
    """Calls of the last hour that held more than what would remain."""
    told = {dimension.value: text for dimension, text in row.rule.match.items()}
    told.update((dimension.value, text) for dimension, text in row.value)
    if "agent" in told:
        told["agent"] = canonical_agent(told["agent"]) or told["agent"]
    wanted = Filter(since_ms=books.now_ms - HOUR_MS, **told)  # type: ignore[arg-type]
    return await count_held_above(books.ledger, wanted, remaining_nano)


def _sentence(
    row: RuleRow, limit_nano: int, remaining: int, runs_out: int | None, recent: int, *,
    foretold: bool,
) -> str:  # fmt: skip
    of = f"{row.rule.name} {row.value_name}".strip()
    limit = _cents(limit_nano)
    if remaining <= 0:
        over = _cents(-remaining)
        return f"With {limit}, {of} is {over} over: every further call is refused at once."
    said = f"With {limit}, {of} has {_cents(remaining)} left"
    if foretold and runs_out is not None:
        day = local_day(runs_out, row.rule.timezone)
        said += f" and is expected to run out on {day:%-d %B}"
    elif foretold:
        said += " and is expected to last"
    if recent:
        said += f"; {recent} calls of the last hour held more than that"
    return said + "."


def _cents(nano: int) -> str:
    cents = (2 * nano * 100 + NANO_PER_USD) // (2 * NANO_PER_USD)
    return f"${cents // 100:,}.{cents % 100:02d}"
