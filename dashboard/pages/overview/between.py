"""Figures between two full readings: what calls have moved, by three short questions.

Projections, the chart, agents and campaigns are read in full every `FULL_MS`, and at once when
somebody changes something: while calls are made, each tick would else ask all of it again.
"""

from dataclasses import replace
from typing import Any, Final

from insights.books import Books
from insights.overview import BudgetCard, Figure, InFlight, Overview
from insights.rules import RuleRow
from storage.glance import Glance
from storage.usage import Use, used

FULL_MS: Final = 20_000


async def moved(now: Books, found: Overview, row: RuleRow | None, look: Glance) -> Overview:
    """The cards as they stand now; `row` and `look` were just read."""
    use = await used(now.ledger, found.period.interval, found.scope)
    return replace(
        found,
        budget=_budget(found, row),
        in_flight=InFlight(look.held_nano, look.holds, look.oldest_ms),
        **_numbers(now, found, use),
    )


def _numbers(now: Books, found: Overview, use: Use) -> dict[str, Any]:
    values = {
        "spent": use.amount(now.counts.value),
        "requests": use.calls,
        "refused": use.refused,
        "failed": use.failed,
        "tokens": use.tokens,
        "input_tokens": use.input_tokens,
        "cached_tokens": use.cached_tokens,
        "held": use.held_nano,
    }
    buckets = found.period.buckets
    place = next(
        (at for at, each in enumerate(buckets) if each.start_ms <= now.now_ms < each.end_ms),
        len(buckets) - 1,
    )
    return {name: _with(getattr(found, name), value, place) for name, value in values.items()}


def _with(number: Figure, value: int, place: int) -> Figure:
    """What came since belongs to the bucket that runs, but for what was late."""
    if value == number.value:
        return number
    series = list(number.series)
    series[place] += value - number.value
    return replace(number, value=value, series=tuple(series))


def _budget(found: Overview, row: RuleRow | None) -> BudgetCard | None:
    budget = found.budget
    if budget is None or row is None:
        return budget
    spent = row.posted_nano >= row.limit_nano
    return replace(
        budget,
        posted_nano=row.posted_nano,
        held_nano=row.held_nano,
        remaining_nano=row.limit_nano - row.posted_nano - row.held_nano,
        utilisation_mille=row.utilisation_mille,
        tone=row.tone,
        refusing=spent,
        why_refusing="budget spent" if spent else "",
    )
