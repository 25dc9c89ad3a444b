"""Campaigns have limits of their own, and take no calls while they are paused."""

import asyncio

import pytest

from budget.campaigns import set_status
from budget.errors import Refused
from storage import campaigns, overrides
from storage.audit import AuditSearch
from storage.errors import Conflict, RedisUnavailable
from storage.redis_link import RedisLink
from tests.api.stand import BILLING, open_desk
from tests.budget.purse import Engines, usd


async def test_a_campaign_has_a_limit_of_its_own(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        path = f"{BILLING}/campaigns/Spring/budget"
        said = (await desk.admin.put(path, json={"limit_usd": "0.4"})).json()
        assert (said["limit_usd"], said["rule"], said["version"]) == (0.4, "per-campaign", 1)
        await desk.process.spend(10_000, "autumn")
        await desk.process.spend(10_000, "SPRING")
        with pytest.raises(Refused) as refused:
            await desk.process.admit(1, "spring")
        assert (refused.value.rule, refused.value.limit_nano) == ("per-campaign", usd("0.4"))
        spend = await desk.get("/campaigns/spring/spend")
        assert spend["budget"]["limit_usd"] == 0.4
        said = (await desk.admin.put(path, json={"limit_usd": None})).json()
        assert (said["limit_usd"], said["limit_from"]) == (4, "file")
        await desk.process.spend(10_000, "spring")


async def test_a_limit_for_this_window_goes_before_one_until_changed(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        path = f"{BILLING}/campaigns/spring/budget"
        await desk.admin.put(path, json={"limit_usd": 3})
        await desk.admin.put(path, json={"limit_usd": 1, "until": "window"})
        budget = (await desk.get("/campaigns/spring/spend"))["budget"]
        assert budget["limit_usd"] == 1
        await desk.admin.put(path, json={"limit_usd": 2})
        budget = (await desk.get("/campaigns/spring/spend"))["budget"]
        assert budget["limit_usd"] == 2


async def test_without_a_rule_for_campaigns_none_has_a_limit(embedded: Engines) -> None:
    config = "budgets: {rules: [{name: monthly, limit_usd: 10, window: month}]}"
    async with open_desk(embedded, config) as desk:
        path = f"{BILLING}/campaigns/spring/budget"
        response = await desk.admin.put(path, json={"limit_usd": 3})
        assert response.status_code == 409
        assert "each: campaign" in response.json()["error"]["message"]
        assert (await desk.get("/campaigns/spring/spend"))["budget"] is None


async def test_of_two_who_saw_the_same_status_one_changes_it(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        link, ledger = desk.process.link, desk.purse.ledger
        done = await asyncio.gather(
            *(
                set_status(link, ledger, "spring", status, "boss", "panel", "", expected="active")
                for status in ("paused", "completed")
            ),
            return_exceptions=True,
        )
        assert [isinstance(what, Conflict) for what in done].count(True) == 1
        assert len(await ledger.audit_lines(AuditSearch(action="campaign_status"), 10)) == 1


@pytest.mark.parametrize("status", ["paused", "completed"])
async def test_a_campaign_that_is_stopped_takes_no_call(engines: Engines, status: str) -> None:
    async with open_desk(engines) as desk:
        path = f"{BILLING}/campaigns/Spring/status"
        said = await desk.admin.put(path, json={"status": status, "reason": "over"})
        assert (said.status_code, said.json()["status"]) == (200, status)
        with pytest.raises(Refused) as refused:
            await desk.process.admit(1, "SPRING")
        assert (refused.value.reason, refused.value.rule) == (f"campaign_{status}", None)
        await desk.process.admit(1, "autumn")
        look = await desk.get("/check", cost_usd="0.01", campaign="spring")
        assert (look["allowed"], look["reason"]) == (False, f"campaign_{status}")
        # What was spent elsewhere is still recorded; only who enforces is refused.
        assert (await desk.log(10, campaignId="spring")).status_code == 201
        enforced = await desk.log(10, campaignId="spring", enforce=True)
        assert enforced.json()["error"]["code"] == f"campaign_{status}"
        await desk.admin.put(path, json={"status": "active"})
        await desk.process.admit(1, "spring")


async def test_what_redis_could_not_be_told_is_told_later(
    embedded: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(embedded) as desk:
        whole = RedisLink.run

        async def away(self, script, *arguments):
            if script.name in ("override", "block"):
                raise RedisUnavailable("gone")
            return await whole(self, script, *arguments)

        monkeypatch.setattr(RedisLink, "run", away)
        for what, body in (("status", {"status": "paused"}), ("budget", {"limit_usd": 1})):
            path = f"{BILLING}/campaigns/spring/{what}"
            response = await desk.admin.put(path, json=body)
            assert response.status_code == 503
            assert "does not bind yet" in response.json()["error"]["message"]
        monkeypatch.undo()
        link, ledger = desk.process.link, desk.purse.ledger
        await desk.process.admit(1, "spring")
        assert await campaigns.publish_pending(link, ledger) == 1
        assert await overrides.publish_pending(link, ledger) == 1
        assert await campaigns.publish_pending(link, ledger) == 0
        assert await overrides.publish_pending(link, ledger) == 0
        with pytest.raises(Refused):
            await desk.process.admit(1, "spring")
        assert (await desk.get("/campaigns/spring/spend"))["budget"]["limit_usd"] == 1
