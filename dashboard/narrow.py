"""From the filters of an address to what figures are asked for, and what they can be asked for."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from dashboard.state import View
from insights.books import Books
from insights.period import Period
from storage.names import campaign_names
from storage.usage import By, Scope, used_by

VALUES_MAX: Final = 60
"""Of one filter's menu: the dearest. Others can be asked for by their address."""
SCOPED: Final = ("agent", "campaign", "model", "endpoint", "key")
"""Filters that figures of the rollup can be narrowed by."""


def scope_of(view: View, *, without: Sequence[str] = ()) -> Scope:
    """The first value of each filter; a section's own dimensions stay `without`."""
    asked = {
        name: view.filters[name][0]
        for name in SCOPED
        if name in view.filters and name not in without
    }
    return Scope(**asked)


def ignored(view: View, *, several: Sequence[str] = ()) -> list[str]:
    """What of the filters figures cannot follow, in words."""
    return [
        f"One {name} at a time: {values[0]} is shown."
        for name, values in view.filters.items()
        if name in SCOPED and name not in several and len(values) > 1
    ]


async def offered(
    books: Books, period: Period, names: Sequence[str] = SCOPED
) -> Mapping[str, Sequence[str]]:
    """For each filter the values that were used in the period, the dearest first."""
    found: dict[str, Sequence[str]] = {}
    spelt = await campaign_names(books.ledger) if "campaign" in names else {}
    for name in names:
        uses = await used_by(books.ledger, cast("By", name), period.interval)
        dearest = sorted(uses, key=lambda value: (-uses[value].charge_nano, value))
        kept = [spelt.get(value, value) for value in dearest if value]
        found[name] = kept[:VALUES_MAX]
    return found
