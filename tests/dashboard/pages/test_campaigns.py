"""Campaigns: budgets with their bars, also past them, status in words, and who may change them."""

from pathlib import Path

import pytest

from budget.campaigns import BudgetWanted, set_budget, set_revenue, set_status
from config.rules import Dimension
from dashboard.context import Context, current_session
from dashboard.pages import campaigns as section
from dashboard.state import parse
from storage.errors import Conflict
from tests.budget.purse import Engines, monthly
from tests.dashboard.pages.desk import ADMIN, VIEWER, open_desk, words

TOKENS = 2_500_000
"""$100.00 at 40,000 nano-dollars each."""


async def test_a_campaign_shows_what_it_spent_of_its_budget_and_brought_in(
    engines: Engines, tmp_path: Path
) -> None:
    current_session.set(ADMIN)
    rules = (monthly("1000"), monthly("150", "per-campaign", each=(Dimension.CAMPAIGN,)))
    async with open_desk(engines, tmp_path, *rules) as (services, purse, process):
        await process.spend(TOKENS, "Holiday")
        await purse.outbox.drain()
        ledger, limits = services.ledger, services.limits
        wanted = BudgetWanted("Holiday", 80_000_000_000, True, "ada", "panel", "less", 0)
        await set_budget(services.lifeline, limits, ledger, wanted)
        with pytest.raises(Conflict):
            await set_budget(services.lifeline, limits, ledger, wanted)
        await set_revenue(ledger, "Holiday", 150_000_000_000, "ada", "panel", "")
        asked = (services.link, ledger, "holiday", "paused", "ada", "panel", "over")
        await set_status(*asked, expected="active")
        with pytest.raises(Conflict):
            await set_status(*asked, expected="active")
        view = parse("campaigns", "?period=7d&open=Holiday")
        text = words(await section.layout(Context(services, ADMIN, view)))
        for said in ("$100.00 of $80.00", "125% · over by 25%", "paused", "+50%", "Activate"):
            assert said in " ".join(text.split()), said
        current_session.set(VIEWER)
        seen = words(await section.layout(Context(services, VIEWER, view)))
        assert "Only an admin may change it." in seen
        assert "Set limit" not in seen
        assert "Activate" not in seen
