"""Where two price tables say different things."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from config.models import Fee, Model, ModelTable

Cell = tuple[str, str, int]
"""What has a price: a kind or `<fee> fee`, the service tier, the input tokens above which."""


@dataclass(frozen=True, slots=True)
class PriceDifference:
    """One price in two tables; nano-dollars for a million units, or for one call of a tool."""

    model: str
    what: str
    tier: str
    above_tokens: int
    since: date | None
    """The later day from which it is so; None: today."""
    ours_nano: int | None
    theirs_nano: int | None


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What one table has and another has not, and what they price differently."""

    prices: tuple[PriceDifference, ...]
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]
    compared: int
    """Models that both have."""


def compare(
    ours: ModelTable, theirs: ModelTable, today: date, *, partial: bool = False
) -> TableDifference:
    """Everything that differs today or will on a day already known.

    `partial`: their table does not know all kinds, tiers and fees: a price that only one has
    is no difference.
    """
    both = sorted(ours.models.keys() & theirs.models.keys())
    return TableDifference(
        prices=tuple(
            found
            for name in both
            for found in _differences(ours.models[name], theirs.models[name], today, partial)
        ),
        only_ours=tuple(sorted(ours.models.keys() - theirs.models.keys())),
        only_theirs=tuple(sorted(theirs.models.keys() - ours.models.keys())),
        compared=len(both),
    )


def cells(model: Model) -> dict[Cell, int]:
    """Every price of its own that a model has, in the order in which it is told."""
    found: dict[Cell, int] = {}
    for kind, by_tier in model.prices.items():
        for tier in model.tiers:
            price = by_tier.get(tier)
            if price is None:
                continue
            if price.base is not None:
                found[kind.value, tier, 0] = price.base
            found.update(((kind.value, tier, above), long) for above, long in price.long)
    for fee in Fee:
        if fee in model.fees_nano:
            found[f"{fee.value} fee", "", 0] = model.fees_nano[fee]
    return found


def _differences(
    ours: Model, theirs: Model, today: date, partial: bool
) -> Iterator[PriceDifference]:
    later = {day for model in (ours, theirs) for day, _ in model.changes if day > today}
    told: dict[Cell, tuple[int | None, int | None]] = {}
    for day in (today, *sorted(later)):
        mine, other = cells(ours.on(day)), cells(theirs.on(day))
        for cell in dict.fromkeys((*mine, *other)):
            pair = (mine.get(cell), other.get(cell))
            differs = pair[0] != pair[1] and not (partial and None in pair)
            if told.get(cell) == pair or not (differs or cell in told):
                continue
            told[cell] = pair
            yield PriceDifference(ours.name, *cell, None if day == today else day, *pair)
