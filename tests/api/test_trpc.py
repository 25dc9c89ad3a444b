"""The same procedures in tRPC's wire format, single and in batches."""

import httpx
import orjson

from tests.api.stand import Desk, open_desk
from tests.budget.purse import Engines

TRPC = "/api/trpc/billing."


async def query(desk: Desk, name: str, given: object = None) -> httpx.Response:
    params = {} if given is None else {"input": orjson.dumps(given).decode()}
    return await desk.viewer.get(TRPC + name, params=params)


async def test_queries_and_mutations(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        cost = {"agentType": "CONTENT", "campaignId": "Spring", "tokens": 1000}
        told = await desk.admin.post(f"{TRPC}logAgentCost", json=cost)
        assert told.status_code == 200
        assert told.json()["result"]["data"]["charge_usd"] == 0.04
        await desk.purse.outbox.drain()
        spend = await query(desk, "getCampaignSpend", {"campaignId": "spring"})
        assert spend.json()["result"]["data"]["total"]["charge_usd"] == 0.04
        agents = await query(desk, "getAgentCosts")
        assert agents.json()["result"]["data"]["agents"][0]["agent"] == "CONTENT"
        month = await desk.month()
        changed = await desk.admin.post(
            f"{TRPC}setMonthlyBudget", json={"month": month, "limitUsd": 5}
        )
        assert changed.json()["result"]["data"]["budget_usd"] == 5
        budget = await query(desk, "getMonthlyBudget", {"month": month})
        assert budget.json()["result"]["data"]["remaining_usd"] == 4.96
        look = await query(desk, "check", {"costUsd": "9"})
        assert look.json()["result"]["data"]["rule"] == "monthly"
        assert (await query(desk, "getRates")).status_code == 200


async def test_errors_have_trpcs_shape(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        bad = await desk.admin.post(f"{TRPC}logAgentCost", json={"agentType": "SEO", "tokens": 0})
        error = bad.json()["error"]
        assert (bad.status_code, error["code"]) == (422, -32022)
        assert error["data"]["code"] == "UNPROCESSABLE_CONTENT"
        assert error["data"]["httpStatus"] == 422
        assert error["data"]["path"] == "billing.logAgentCost"
        assert error["data"]["field"] == "tokens"
        for client, method, name, status, code in (
            (desk.nobody, "GET", "getRates", 401, "UNAUTHORIZED"),
            (desk.viewer, "POST", "freeze", 403, "FORBIDDEN"),
            (desk.admin, "POST", "getRates", 405, "METHOD_NOT_SUPPORTED"),
            (desk.admin, "GET", "freeze", 405, "METHOD_NOT_SUPPORTED"),
            (desk.admin, "GET", "nothing", 404, "NOT_FOUND"),
            (desk.admin, "GET", "getRates?input={", 422, "UNPROCESSABLE_CONTENT"),
            (desk.admin, "GET", "getRates?input=[1]", 422, "UNPROCESSABLE_CONTENT"),
        ):
            response = await client.request(method, TRPC + name)
            assert response.status_code == status, name
            assert response.json()["error"]["data"]["code"] == code


async def test_a_batch_answers_each(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        given = orjson.dumps({"0": None, "1": {"costUsd": 1}, "2": {"costUsd": -1}}).decode()
        path = f"{TRPC}getRates,billing.check,billing.check"
        response = await desk.viewer.get(path, params={"batch": "1", "input": given})
        assert response.status_code == 207
        first, second, third = response.json()
        assert first["result"]["data"]["basis"] == "agent_rate"
        assert second["result"]["data"]["allowed"] is True
        assert third["error"]["data"]["field"] == "costUsd"
        body = {str(n): {"agentType": "SEO", "tokens": 1000} for n in range(2)}
        for replayed in (False, True):
            response = await desk.admin.post(
                f"{TRPC}logAgentCost,billing.logAgentCost?batch=1", json=body,
                headers={"Idempotency-Key": "k"},
            )  # fmt: skip
            assert response.status_code == 200
            data = [one["result"]["data"] for one in response.json()]
            assert len({one["hold_id"] for one in data}) == 2
            assert [one["replayed"] for one in data] == [replayed] * 2
        denied = await desk.nobody.get(path, params={"batch": "1", "input": given})
        assert (denied.status_code, len(denied.json())) == (401, 3)


async def test_nobody_gets_more_back_than_they_sent(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        names = ",".join(["a"] * 5_000)
        for client, status in ((desk.nobody, 401), (desk.viewer, 413)):
            answer = await client.get(f"/api/trpc/{names}?batch=1")
            assert answer.status_code == status
            assert len(answer.content) < 20_000
