"""From the filters of an address to what figures are asked for, and what they can be asked for."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, cast

from dashboard.services import Services
from dashboard.state import View
from insights.books import Books
from insights.period import Period
from storage.names import campaign_names
from storage.usage import By, Scope, used_by

VALUES_MAX: Final = 60
"""Of one filter's menu: the dearest. Others can be asked for by their address."""
SCOPED: Final = ("agent", "campaign", "model", "endpoint", "key")
"""Filters that figures of the ledger can be narrowed by."""
OFFERED_FRESH_S: Final = 30.0
"""How old the choices of a menu may be."""
BY_STATUS: Final = (
    "Status narrows Transactions alone: what is summed here is not kept by what became of a call."
)


def scope_of(view: View, *, without: Sequence[str] = ()) -> Scope:
    """Every value of each filter; a section's own dimensions stay `without`."""
    asked = {
        name: view.filters[name] for name in SCOPED if name in view.filters and name not in without
    }
    return Scope(**asked)


def told(view: View) -> list[str]:
    """What of the filters figures cannot follow, in words."""
    return [BY_STATUS] if "status" in view.filters else []


async def offered(
    services: Services, books: Books, period: Period, names: Sequence[str] = SCOPED
) -> Mapping[str, Sequence[str]]:
    """For each filter the values that were used in the period, the dearest first."""

    async def make(_last: object) -> Mapping[str, Sequence[str]]:
        spelt = await campaign_names(books.ledger)
        found = await asyncio.gather(*(_dearest(books, period, name) for name in names))
        return {
            name: [spelt.get(value, value) if name == "campaign" else value for value in values]
            for name, values in zip(names, found, strict=True)
        }

    key = ("offered", period.start_ms, period.end_ms, *names)
    return (await services.shared.get(key, make, OFFERED_FRESH_S)).figures


async def _dearest(books: Books, period: Period, name: str) -> list[str]:
    uses = await used_by(books.ledger, cast("By", name), period.interval)
    order = sorted(uses, key=lambda value: (-uses[value].charge_nano, value))
    return [value for value in order if value][:VALUES_MAX]
