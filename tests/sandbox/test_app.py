"""The application within a test's own process, without a server of its own around it."""

from typing import Any

import httpx
import pytest

from config.model_data import base_table
from sandbox.app import create_app
from sandbox.options import Options

HELLO = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}


def client(peer: str = "127.0.0.1") -> httpx.AsyncClient:
    app = create_app(Options(event_delay_ms=0), base_table())
    transport = httpx.ASGITransport(app, client=(peer, 1234))
    return httpx.AsyncClient(
        transport=transport, base_url="http://sandbox", headers={"Authorization": "Bearer test"}
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_it_answers_without_a_server(stream: bool) -> None:
    async with client() as http:
        answer = await http.post("/v1/chat/completions", json={**HELLO, "stream": stream})
        assert answer.status_code == 200
        sums = (await http.get("/sandbox/account")).json()
    assert sums["states"]["answered"] == 1


async def test_two_sandboxes_share_nothing() -> None:
    async with client() as one, client() as other:
        first = await one.post("/v1/chat/completions", json=HELLO)
        second = await other.post("/v1/chat/completions", json=HELLO)
        assert (await one.get("/sandbox/account")).json()["requests"] == 1
    assert first.json()["id"] != second.json()["id"]
    assert first.json()["choices"] == second.json()["choices"]


async def test_the_account_answers_on_loopback_alone() -> None:
    async with client("203.0.113.9") as http:
        refused = await http.get("/sandbox/account")
        assert refused.status_code == 403
        assert (await http.post("/v1/chat/completions", json=HELLO)).status_code == 200


@pytest.mark.parametrize("fault", ["reset", "cut=2"])
async def test_a_broken_connection_is_an_error_where_there_is_none(fault: str) -> None:
    async with client() as http:
        with pytest.raises(ConnectionError):
            await http.post(
                "/v1/chat/completions",
                json={**HELLO, "stream": True},
                headers={"X-Sandbox-Fault": fault},
            )


async def test_other_protocols_are_not_spoken() -> None:
    async def silent(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(ValueError, match="HTTP and WebSocket"):
        await create_app()({"type": "lifespan"}, silent, silent)


async def test_a_long_prompt_is_counted_too() -> None:
    long = {**HELLO, "messages": [{"role": "user", "content": "word " * 50_000}]}
    async with client() as http:
        answer = await http.post("/v1/chat/completions", json=long)
    assert answer.json()["usage"]["prompt_tokens"] == 50_008
