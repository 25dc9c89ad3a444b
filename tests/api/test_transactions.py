"""The ledger by page, as a file, and corrected."""

import asyncio
import csv
import io
import json
from typing import Any

import pytest

from api.gate import EXPORTS_MAX
from proxy.asgi import replayed
from storage.queries import Filter, page
from tests.api.stand import BILLING, Desk, open_desk
from tests.budget.purse import Engines


async def fill(desk: Desk, count: int) -> None:
    for number in range(count):
        await desk.log(number + 1, campaignId="=cmd" if number % 2 else "Spring")
    await desk.purse.outbox.drain()


async def test_pages_give_each_entry_once_newest_first(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        await fill(desk, 7)
        seen, cursor = [], {}
        for _ in range(4):
            found = await desk.get("/transactions", limit=2, **cursor)
            seen += [row["usage"]["input_tokens"] for row in found["transactions"]]
            cursor = {"cursor": found["next_cursor"]}
        assert seen == [7, 6, 5, 4, 3, 2, 1]
        assert found["next_cursor"] is None
        spring = await desk.get("/transactions", campaign="SPRING", agent="content")
        assert [row["campaign"] for row in spring["transactions"]] == ["Spring"] * 4
        assert (await desk.get("/transactions", status="settled"))["transactions"] == []
        assert (await desk.get("/transactions", until="2020-01-01"))["transactions"] == []
        row = spring["transactions"][0]
        assert (row["status"], row["key"], row["charge_usd"]) == ("manual", "boss", 0.00028)


async def test_a_bad_cursor_is_told(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        for cursor in ("x", "YWJj", "LTEuLTE", "%F0", "é"):
            path = f"{BILLING}/transactions"
            response = await desk.viewer.get(path, params={"cursor": cursor})
            assert response.status_code == 422
            assert response.json()["error"]["field"] == "cursor"


async def test_an_export_has_everything_and_no_formula(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        await fill(desk, 1003)
        response = await desk.viewer.get(f"{BILLING}/export")
        assert response.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert [int(row["input_tokens"]) for row in rows] == list(range(1, 1004))
        assert {row["campaign"] for row in rows} == {"Spring", "'=cmd"}
        assert rows[-1]["charge_usd"] == "0.04012"
        lines = await desk.viewer.get(f"{BILLING}/export?format=jsonl&campaign=spring")
        assert len([json.loads(line) for line in lines.text.splitlines()]) == 502
        empty = await desk.viewer.get(f"{BILLING}/export?campaign=nobody&format=jsonl")
        assert (empty.status_code, empty.text) == (200, "")


async def test_readers_that_take_nothing_keep_nobody_from_an_export(
    embedded: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.gate.EXPORT_STALLED_S", 0.1)
    async with open_desk(embedded) as desk:
        await fill(desk, 1)
        scope = {
            "type": "http", "method": "GET", "path": f"{BILLING}/export",
            "raw_path": f"{BILLING}/export".encode(), "query_string": b"", "scheme": "http",
            "server": ("purser", 80), "http_version": "1.1",
            "headers": [(b"authorization", f"Bearer {desk.admin_secret}".encode())],
        }  # fmt: skip

        async def full(message: Any) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def never() -> Any:
            return await asyncio.Event().wait()

        stalled = [
            asyncio.create_task(desk.app(dict(scope), replayed(b"", never), full))
            for _ in range(EXPORTS_MAX)
        ]
        async with asyncio.timeout(10):
            answer = await desk.viewer.get(f"{BILLING}/export")
            await asyncio.gather(*stalled)
        assert answer.status_code == 200


async def test_a_correction_is_an_entry_of_its_own(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        grant = await desk.process.spend(1000, "spring")
        await desk.purse.outbox.drain()
        path = f"{BILLING}/transactions/{grant.facts.hold_id}/corrections"
        body = {"charge_usd": "0.01", "reason": "the provider took it back"}
        response = await desk.admin.post(path, json=body)
        assert response.status_code == 201
        assert (response.json()["before_charge_usd"], response.json()["entry"]) == (0.04, 1)
        found = await page(desk.purse.ledger, Filter(campaign="spring"), 10)
        assert [entry.reason for entry in found.entries] == [body["reason"], None]
        assert (await desk.get("/campaigns/spring/spend"))["total"]["charge_usd"] == 0.01
        again = await desk.admin.post(path, json=body)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "uncorrectable")
        nobody = await desk.admin.post(f"{BILLING}/transactions/nothing/corrections", json=body)
        assert nobody.status_code == 404
        assert (await desk.purse.reconcile()).clean


async def test_a_manual_cost_is_corrected_and_still_told_once(engines: Engines) -> None:
    async with open_desk(engines) as desk:
        told = (await desk.log(1000, "k")).json()
        await desk.purse.outbox.drain()
        path = f"{BILLING}/transactions/{told['hold_id']}/corrections"
        body = {"charge_usd": 0, "provider_usd": 0, "reason": "wrong"}
        assert (await desk.admin.post(path, json=body)).status_code == 201
        assert (await desk.log(1000, "k")).json()["replayed"] is True
        month = await desk.get(f"/months/{await desk.month()}/summary")
        assert month["spent_usd"] == 0
        assert (await desk.purse.reconcile()).clean
