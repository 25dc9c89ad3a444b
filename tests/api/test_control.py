"""Looking ahead, and stopping everything."""

import random

import pytest

from budget.errors import Refused
from tests.api.stand import BILLING, Desk, open_desk
from tests.budget.purse import Engines


async def test_a_freeze_refuses_and_a_thaw_lets_pass(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        for changed in (True, False):
            said = await desk.admin.post(f"{BILLING}/freeze", json={"reason": "a runaway agent"})
            assert said.json() == {"frozen": True, "changed": changed}
        with pytest.raises(Refused) as refused:
            await desk.process.admit(1)
        assert refused.value.reason == "frozen"
        look = await desk.get("/check", cost_usd="0.01")
        assert (look["allowed"], look["reason"], look["rule"]) == (False, "frozen", None)
        month = await desk.get(f"/months/{await desk.month()}/summary")
        assert (month["status"], month["refusing"]) == ("red", True)
        assert (await desk.log(10)).status_code == 201
        assert (await desk.log(10, enforce=True)).json()["error"]["code"] == "frozen"
        said = await desk.admin.post(f"{BILLING}/thaw", json={"reason": "found it"})
        assert said.json() == {"frozen": False, "changed": True}
        await desk.process.admit(1)


async def test_a_check_holds_nothing_and_names_the_budget(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        for _ in range(3):
            look = await desk.get("/check", cost_usd="4", campaign="spring")
            assert look["allowed"] is True
        held = await desk.process.admit(50_000, "spring")
        look = await desk.get("/check", cost_usd="3", campaign="spring")
        assert (look["reason"], look["rule"]) == ("budget_in_flight", "per-campaign")
        look = await desk.get("/check", cost_usd="5", campaign="spring")
        assert (look["reason"], look["rule"]) == ("budget_exceeded", "per-campaign")
        assert look["resets_at"]
        assert [one["rule"] for one in look["budgets"]] == ["monthly", "per-campaign"]
        assert look["budgets"][1]["held_usd"] == 2
        assert held.held.charge == 2_000_000_000


async def outcome(desk: Desk, tokens: int, campaign: str) -> tuple[str | None, str | None]:
    """Why and by which budget a call is refused; (None, None) where it was admitted."""
    try:
        await desk.process.spend(tokens, campaign)
    except Refused as refused:
        return refused.reason, refused.rule
    return None, None


async def test_a_check_says_what_admission_then_does(embedded: Engines) -> None:
    chance = random.Random(3)
    async with open_desk(embedded) as desk:
        for _ in range(60):
            tokens, campaign = chance.randint(1, 60_000), chance.choice("abcd")
            cost = f"{tokens * 40_000 / 10**9:.9f}"
            look = await desk.get("/check", cost_usd=cost, campaign=campaign)
            said = await outcome(desk, tokens, campaign)
            assert (look["reason"], look["rule"]) == said
            assert look["allowed"] is (said == (None, None))
