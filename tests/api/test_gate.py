"""Who may ask what, and how much: told before anything is looked at."""

import json

import httpx
import pytest

from storage.keys import By, Keys
from tests.api.stand import BILLING, Desk, open_desk
from tests.budget.purse import Engines

PATHS = ("/rates", "/agents/costs", "/transactions", "/export", "/nowhere")


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def test_without_a_token_nothing_is_told(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        for path in PATHS:
            response = await desk.nobody.get(f"{BILLING}{path}")
            assert code(response) == (401, "unauthorized")
            assert "purser keys create" in response.json()["error"]["message"]
        for header in ("Bearer pk-purser-admin-" + "x" * 43, "Basic abc", "Bearer"):
            response = await desk.nobody.get(f"{BILLING}/rates", headers={"Authorization": header})
            assert code(response) == (401, "unauthorized")
        body = b"{" * 1000
        assert code(await desk.nobody.post(f"{BILLING}/freeze", content=body))[0] == 401
        assert (await desk.nobody.get(f"{BILLING}/openapi.json")).status_code == 200


async def test_a_viewer_looks_and_changes_nothing(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        assert (await desk.viewer.get(f"{BILLING}/rates")).status_code == 200
        for path in ("/freeze", "/agent-costs", "/transactions/x/corrections"):
            assert code(await desk.viewer.post(f"{BILLING}{path}", json={})) == (403, "wrong_role")
        path = f"{BILLING}/campaigns/a/status"
        assert code(await desk.viewer.put(path, json={"status": "paused"})) == (403, "wrong_role")


async def test_a_key_for_calls_and_a_revoked_token_open_nothing(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        assert code(await desk.agent.get(f"{BILLING}/rates")) == (403, "not_an_admin_token")
        await Keys(desk.process.link, desk.purse.ledger).revoke("boss", By("test", "cli"))
        assert code(await desk.admin.get(f"{BILLING}/rates")) == (401, "unauthorized")


async def test_paths_and_methods_that_are_not_there(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        assert code(await desk.admin.get(f"{BILLING}/nowhere")) == (404, "not_found")
        assert code(await desk.admin.delete(f"{BILLING}/rates")) == (405, "wrong_method")


async def freeze(desk: Desk, content: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return await desk.admin.post(f"{BILLING}/freeze", content=content, headers=headers)


async def test_bodies_that_cannot_be_taken(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        assert code(await freeze(desk, b'{"reason": "' + b"x" * 70_000 + b'"}')) == (
            413,
            "too_large",
        )
        for content in (b"", b"{", b"[]", b'"x"', b"\xff", b"null", b"[" * 10_000, b"1" * 6_000):
            response = await freeze(desk, content)
            assert code(response) == (422, "invalid"), content[:10]
            assert response.json()["error"]["field"]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("reason", {}),
        ("reason", {"reason": ""}),
        ("reason", {"reason": "a\nb"}),
        ("reason", {"reason": "\ud800"}),
        ("reason", {"reason": 5}),
        ("why", {"reason": "x", "why": "y"}),
        ("body", {"reason": "x", "\ud800": 1}),
    ],
)
async def test_the_field_at_fault_is_named(
    embedded: Engines, field: str, body: dict[str, object]
) -> None:
    async with open_desk(embedded) as desk:
        response = await freeze(desk, json.dumps(body).encode())
        assert code(response) == (422, "invalid")
        assert response.json()["error"]["field"] == field


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("tokens", {"agentType": "SEO"}),
        ("tokens", {"agentType": "SEO", "tokens": 0}),
        ("tokens", {"agentType": "SEO", "tokens": 1.5}),
        ("tokens", {"agentType": "SEO", "tokens": "7"}),
        ("tokens", {"agentType": "SEO", "tokens": True}),
        ("tokens", {"agentType": "SEO", "tokens": 10**30}),
        ("agentType", {"agentType": "POET", "tokens": 1}),
        ("campaignId", {"agentType": "SEO", "tokens": 1, "campaignId": "x" * 129}),
        ("executionId", {"agentType": "SEO", "tokens": 1, "executionId": "a b"}),
        ("metadata", {"agentType": "SEO", "tokens": 1, "metadata": {"a": "x" * 2100}}),
        ("metadata", {"agentType": "SEO", "tokens": 1, "metadata": {"a": "\ud800"}}),
        ("metadata", {"agentType": "SEO", "tokens": 1, "metadata": {"a": 10**30}}),
        ("metadata", {"agentType": "SEO", "tokens": 1, "metadata": []}),
        ("enforce", {"agentType": "SEO", "tokens": 1, "enforce": "perhaps"}),
    ],
)
async def test_a_cost_that_cannot_be_taken(
    embedded: Engines, field: str, body: dict[str, object]
) -> None:
    async with open_desk(embedded) as desk:
        response = await desk.admin.post(
            f"{BILLING}/agent-costs",
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        assert code(response) == (422, "invalid")
        assert response.json()["error"]["field"] == field


@pytest.mark.parametrize("amount", ["-1", "1e3", "NaN", "0.0000000001", "9007200", "", " 1", "1_0"])
async def test_amounts_are_exact_or_refused(embedded: Engines, amount: str) -> None:
    async with open_desk(embedded) as desk:
        response = await desk.viewer.get(f"{BILLING}/check", params={"cost_usd": amount})
        assert code(response) == (422, "invalid")
        assert response.json()["error"]["field"] == "cost_usd"


async def test_a_bad_idempotency_key_is_told(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        for key in ("", "a b", "x" * 256):
            response = await desk.log(1, key)
            assert response.json()["error"]["field"] == "Idempotency-Key"
            assert response.status_code == 422
