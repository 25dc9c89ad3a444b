"""Correcting what an ended call has cost: by an admin, with a reason, once for what was seen."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from budget.corrections import Wanted
from budget.corrections import correct as correct_call
from config.money import usd_text
from dashboard import actions, formats
from dashboard.components.overlays import button
from dashboard.errors import Invalid
from dashboard.feed import is_id
from dashboard.services import Services
from storage.entries import totals_of
from storage.keys import By
from storage.records import LedgerEntry, Status


def can_be(first: LedgerEntry) -> bool:
    """Whether a call has a cost that could be another."""
    return first.status is not Status.REFUSED


def form(entries: Sequence[LedgerEntry]) -> list[Any]:
    """The fields of a correction: what the call shall have cost in all."""
    _, total = totals_of(list(entries))
    return [
        html.Section(
            [
                html.H3("Correct it"),
                html.P(
                    "A new entry carries the difference; nothing that stands is changed. "
                    "Budgets count it at once.",
                    className="dim",
                ),
                html.Div(
                    [
                        _amount("transactions-charge", "Charge in all, USD", total.charge),
                        _amount("transactions-provider", "Provider in all, USD", total.provider),
                    ],
                    className="columns two",
                ),
                dmc.TextInput(
                    id="transactions-reason", label="Reason", placeholder="kept in the audit log"
                ),
                html.Div(
                    button(
                        "Post correction", id="transactions-correct", kind="main", icon_name="edit"
                    ),
                    className="actions",
                ),
            ],
            className="drawer-part",
        )
    ]


def _amount(name: str, label: str, nano: int) -> Any:
    # Text: a number field would make a float of it.
    return dmc.TextInput(
        id=name, label=label, value=usd_text(nano), inputProps={"inputMode": "decimal"}
    )


async def post(
    services: Services, clicks: Any, known: Any, charge: Any, provider: Any, reason: Any
) -> str:
    """Post what an admin entered about the call that was shown; its id."""
    actions.clicked(clicks)
    actions.require_admin()
    hold, seen = _known(known)
    why = actions.text(reason, "the reason", actions.REASON_CHARS_MAX)
    charge_nano = actions.dollars(charge, "the charge")
    provider_nano = actions.dollars(provider, "the provider's cost")

    async def work(by: By) -> str:
        if len(await services.ledger.entries_of(hold)) != seen:
            raise Invalid("the call was corrected meanwhile: open it again and look.")
        wanted = Wanted(hold, charge_nano, provider_nano, by.who, by.place, by.reason)
        done = await correct_call(services.link, services.ledger, wanted)
        return f"The call costs {formats.money_exact(done.after.charge)} in all now."

    await actions.change(clicks, work, reason=why)
    return hold


def _known(known: Any) -> tuple[str, int]:
    if isinstance(known, Mapping) and is_id(known.get("hold")):
        seen = known.get("entries")
        if isinstance(seen, int) and not isinstance(seen, bool):
            return known["hold"], seen
    raise Invalid("open the call that is to be corrected.")
