"""Costs told by hand: recorded once, in every budget, whatever is left in them."""

import asyncio
from collections import Counter
from typing import Any

from storage.queries import Filter, costs_by_agent
from storage.records import Flag, Status
from tests.api.stand import BILLING, open_desk
from tests.budget.purse import PRICING, Engines, facts, usd, used, worst


async def test_a_cost_is_charged_at_the_rate_of_its_agent(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        response = await desk.log(
            1000, campaignId="Spring", task="titles", executionId="run-1", metadata={"a": 1}
        )
        assert response.status_code == 201
        told = response.json()
        assert told["charge_usd"] == 0.04
        assert told["over_budget"] is False
        assert told["remaining_usd"] == 3.96
        await desk.purse.outbox.drain()
        (entry,) = await desk.purse.ledger.entries_of(told["hold_id"])
        assert (entry.status, entry.charge_nano) == (Status.MANUAL, usd("0.04"))
        assert (entry.agent, entry.campaign, entry.task) == ("CONTENT", "Spring", "titles")
        assert (entry.execution_id, entry.key) == ("run-1", "boss")
        assert entry.usage.total_tokens == 1000
        assert entry.metadata is not None
        assert "{" not in entry.metadata
        assert (await desk.purse.reconcile()).clean


async def test_a_thousand_at_once_with_five_hundred_keys_are_five_hundred(engines: Engines) -> None:
    async with open_desk(engines) as desk:

        async def tell(number: int) -> tuple[int, Any]:
            body = {"agentType": "CONTENT", "tokens": 100, "campaignId": f"c{number % 3}"}
            return await desk.post("/agent-costs", body, f"key-{number}")

        answers = await asyncio.gather(*(tell(number % 500) for number in range(1000)))
        assert Counter(status for status, _ in answers) == {201: 1000}, answers
        assert Counter(body["replayed"] for _, body in answers) == {False: 500, True: 500}
        await desk.purse.outbox.drain()
        sums = await costs_by_agent(desk.purse.ledger, Filter(status=Status.MANUAL))
        assert [(s.name, s.manual, s.charge_nano) for s in sums] == [
            ("CONTENT", 500, 500 * usd("0.004"))
        ]
        month = await desk.get(f"/months/{await desk.month()}/summary")
        assert month["spent_usd"] == 2
        assert (await desk.purse.reconcile()).clean


async def test_over_budget_it_is_recorded_and_says_so_and_later_calls_are_refused(
    engines: Engines,
) -> None:
    async with open_desk(engines) as desk:
        response = await desk.log(150_000, campaignId="spring")
        assert response.status_code == 201
        told = response.json()
        assert (told["charge_usd"], told["over_budget"]) == (6, True)
        assert told["over"] == ["per-campaign"]
        refused = await desk.admin.get(
            f"{BILLING}/check", params={"cost_usd": "0.01", "campaign": "Spring"}
        )
        assert refused.json()["rule"] == "per-campaign"
        await desk.purse.outbox.drain()
        (entry,) = await desk.purse.ledger.entries_of(told["hold_id"])
        assert entry.flags == {Flag.OVER_BUDGET}


async def test_enforced_it_is_refused_and_nothing_is_recorded(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        for query in ({"enforce": "true"}, {}):
            body = {"agentType": "content", "tokens": 150_000, "campaignId": "spring"}
            body |= {} if query else {"enforce": True}
            response = await desk.admin.post(f"{BILLING}/agent-costs", json=body, params=query)
            assert response.status_code == 429
            error = response.json()["error"]
            assert (error["code"], error["rule"]) == ("budget_exceeded", "per-campaign")
            assert (error["limit_usd"], error["spent_usd"]) == (4, 0)
            assert response.headers["x-purser-refusal"] == "budget_exceeded"
        await desk.purse.outbox.drain()
        assert await costs_by_agent(desk.purse.ledger, Filter(status=Status.MANUAL)) == []
        assert (await desk.log(100_000, campaignId="spring", enforce=True)).status_code == 201


async def test_a_key_stands_for_one_cost(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        first = (await desk.log(10, "k")).json()
        assert (await desk.log(10, "k")).json()["hold_id"] == first["hold_id"]
        for drained in (False, True):
            other = await desk.log(11, "k")
            assert other.status_code == 409
            assert other.json()["error"]["code"] == "idempotency_key_reused"
            if not drained:
                await desk.purse.outbox.drain()
        # Redis forgets after eight days; the ledger does not.
        await desk.process.link.command("DEL", "{purser}:hold:" + first["hold_id"])
        again = await desk.log(10, "k")
        assert (again.json()["hold_id"], again.json()["replayed"]) == (first["hold_id"], True)
        assert (await desk.log(11, "k")).status_code == 409


async def test_without_a_key_an_execution_tells_the_same_cost_once(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        told = [await desk.log(n, executionId="run") for n in (10, 10, 20)]
        assert [r.json()["replayed"] for r in told] == [False, True, False]
        assert len({(await desk.log(10)).json()["hold_id"] for _ in range(2)}) == 2


async def test_what_was_metered_as_it_passed_is_not_told_again(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        asked = facts()
        caller = type(asked.caller)(agent="CONTENT", execution_id="run-1")
        call = type(asked)(asked.hold_id, asked.request_id, caller, asked.endpoint, "gpt-4o-mini")
        grant = await desk.process.admission.admit(call, worst(10), PRICING)
        await desk.process.settlement.end(grant, used(10))
        for _ in range(2):
            told = await desk.log(10, executionId="run-1")
            assert told.status_code == 409
            error = told.json()["error"]
            assert (error["code"], error["hold_id"]) == ("already_metered", grant.facts.hold_id)
            # The second time only the ledger knows.
            await desk.purse.outbox.drain()
            await desk.process.link.command("DEL", "{purser}:execution:run-1")
        assert (await desk.log(10, executionId="run-1", additional=True)).status_code == 201


async def test_a_cost_outlives_a_redis_that_lost_it(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        told = (await desk.log(1000, "k")).json()
        await desk.process.link.command("FLUSHALL")
        await desk.purse.upkeep.tick()
        await desk.purse.publish(*monthly_rules(desk))
        await desk.purse.until_ready(desk.process)
        await desk.purse.outbox.drain()
        (entry,) = await desk.purse.ledger.entries_of(told["hold_id"])
        assert entry.charge_nano == usd("0.04")
        assert entry.flags == {Flag.RECOVERED}
        assert (await desk.purse.reconcile()).clean


def monthly_rules(desk):
    return desk.loaded.rules


async def test_agents_and_campaigns_show_what_was_spent(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        await desk.log(1000, campaignId="Spring")
        await desk.log(2000, campaignId="autumn")
        await desk.process.spend(500, "SPRING")
        await desk.admin.put(f"{BILLING}/campaigns/spring/revenue", json={"revenue_usd": "0.12"})
        await desk.purse.outbox.drain()
        costs = await desk.get("/agents/costs")
        assert costs["total"]["charge_usd"] == 0.14
        assert costs["agents"][0] == {
            "agent": "CONTENT", "charge_usd": 0.14, "provider_usd": 0.12, "calls": 1,
            "manual": 2, "refused": 0, "tokens": 3500,
        }  # fmt: skip
        assert {"DESIGN", "unattributed"} <= {row["agent"] for row in costs["agents"]}
        assert (await desk.get("/agents/costs", campaign="Autumn"))["total"]["tokens"] == 2000
        spring = await desk.get("/campaigns/sPring/spend")
        assert spring["total"]["charge_usd"] == 0.06
        assert spring["all_months_usd"] == 0.06
        assert spring["budget"]["remaining_usd"] == 3.94
        assert (spring["revenue_usd"], spring["return_on_spend"]) == (0.12, 1.0)
        assert (await desk.get("/campaigns/a%2Fb%3F/spend"))["campaign"] == "a/b?"
        rates = await desk.get("/rates")
        assert rates["usd_per_1k_tokens"]["DESIGN"] == 0.07
        assert rates["usd_per_1k_tokens"]["unattributed"] == 0.07
