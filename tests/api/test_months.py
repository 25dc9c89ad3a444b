"""What a month may spend, set by an admin, binds the next call; and how the month stands."""

import pytest

from budget.errors import Refused
from storage.audit import Audited
from tests.api.stand import BILLING, Desk, open_desk
from tests.budget.purse import Engines, usd

LOCKED = """
budgets:
  primary: monthly
  rules: [{name: monthly, limit_usd: 10, window: month, locked: true}]
"""
NO_MONTH = "budgets: {rules: [{name: daily, limit_usd: 10, window: day}]}"


async def put(desk: Desk, month: str, **body: object) -> dict[str, object]:
    response = await desk.admin.put(f"{BILLING}/months/{month}/budget", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def following(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


async def test_a_budget_binds_the_next_call(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        month = await desk.month()
        await desk.process.spend(10_000)
        said = await put(desk, month, limit_usd="0.5", reason="less for now")
        assert (said["budget_usd"], said["budget_from"], said["version"]) == (0.5, "override", 1)
        with pytest.raises(Refused) as refused:
            await desk.process.admit(10_000)
        assert (refused.value.rule, refused.value.limit_nano) == ("monthly", usd("0.5"))
        assert (await put(desk, month, limit_usd=1))["version"] == 2
        await desk.process.spend(10_000)
        lifted = await put(desk, month, limit_usd=None)
        assert (lifted["budget_usd"], lifted["budget_from"]) == (10, "file")
        act = (await audited(desk))[-3].act
        assert (act.action, act.who, act.place) == ("override", "boss", "api")
        assert act.reason == "less for now"


async def audited(desk: Desk) -> list[Audited]:
    found = await desk.purse.ledger.audited()
    return [line for line in reversed(found) if line.act.action == "override"]


async def test_until_changed_and_for_one_month(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        month = await desk.month()
        later = following(month)
        await put(desk, month, limit_usd="7", until="changed")
        await put(desk, later, limit_usd="3")
        await put(desk, month, limit_usd="2")
        assert (await desk.get(f"/months/{month}/summary"))["budget_usd"] == 2
        assert (await desk.get(f"/months/{later}/summary"))["budget_usd"] == 3
        assert (await desk.get(f"/months/{following(later)}/summary"))["budget_usd"] == 7
        await put(desk, month, limit_usd=None)
        assert (await desk.get(f"/months/{month}/summary"))["budget_usd"] == 7
        response = await desk.admin.put(
            f"{BILLING}/months/{later}/budget", json={"limit_usd": 1, "until": "changed"}
        )
        assert response.status_code == 422
        assert response.json()["error"]["field"] == "until"


async def test_a_past_month_is_not_changed(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        response = await desk.admin.put(f"{BILLING}/months/2024-01/budget", json={"limit_usd": 1})
        assert response.status_code == 422
        assert response.json()["error"]["field"] == "month"


async def test_who_read_an_older_version_is_told(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        month = await desk.month()
        await put(desk, month, limit_usd="5", version=0)
        response = await desk.admin.put(
            f"{BILLING}/months/{month}/budget", json={"limit_usd": "6", "version": 0}
        )
        assert response.status_code == 409
        assert response.json()["error"]["code"] == "conflict"
        assert (await desk.get(f"/months/{month}/summary"))["budget_usd"] == 5


@pytest.mark.parametrize(("config", "code"), [(LOCKED, "locked"), (NO_MONTH, "no_such_rule")])
async def test_a_budget_that_cannot_be_set(embedded: Engines, config: str, code: str) -> None:
    async with open_desk(embedded, config) as desk:
        month = await desk.month()
        response = await desk.admin.put(f"{BILLING}/months/{month}/budget", json={"limit_usd": 1})
        assert response.status_code == 409
        assert response.json()["error"]["code"] == code
        assert (await desk.get(f"/months/{month}/summary"))["spent_usd"] == 0


async def test_how_a_month_stands(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        month = await desk.month()
        held = await desk.process.admit(5_000)
        await desk.log(50_000, campaignId="a")
        summary = await desk.get(f"/months/{month}/summary")
        assert (summary["spent_usd"], summary["held_usd"]) == (2, 0.2)
        assert (summary["remaining_usd"], summary["utilisation"]) == (7.8, 0.2)
        assert (summary["status"], summary["refusing"]) == ("green", False)
        assert summary["days_left"] in range(1, 32)
        # Nobody spent on an earlier day: there is nothing to go by.
        assert summary["projection"] is None
        for tokens, status in ((150_000, "yellow"), (50_000, "red")):
            await desk.log(tokens)
            assert (await desk.get(f"/months/{month}/summary"))["status"] == status
        assert held.held.charge == usd("0.2")


async def test_an_override_outlives_a_redis_that_lost_it(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        month = await desk.month()
        await put(desk, month, limit_usd="0.5")
        await desk.admin.put(f"{BILLING}/campaigns/spring/status", json={"status": "paused"})
        await desk.process.link.command("FLUSHALL")
        await desk.purse.upkeep.tick()
        await desk.purse.publish(*desk.loaded.rules)
        await desk.purse.until_ready(desk.process)
        with pytest.raises(Refused) as refused:
            await desk.process.admit(20_000)
        assert refused.value.limit_nano == usd("0.5")
        with pytest.raises(Refused) as refused:
            await desk.process.admit(1, "Spring")
        assert refused.value.reason == "campaign_paused"
