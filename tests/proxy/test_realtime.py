"""A realtime session passes every event on, and no response begins without money held for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from budget.admission import Admission
from budget.errors import Unavailable
from storage.ledger import Search
from tests.budget.purse import Engines, Purse, monthly, open_purse
from tests.proxy.stand import Stand, stand, terms

MODEL = "gpt-realtime"
HEADERS = {"X-Agent-Type": "CONTENT"}
USAGE = {
    "total_tokens": 150, "input_tokens": 100, "output_tokens": 50,
    "input_token_details": {"text_tokens": 20, "audio_tokens": 80, "cached_tokens": 30,
                            "cached_tokens_details": {"text_tokens": 10, "audio_tokens": 20}},
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}  # fmt: skip
TOKEN_NANO = 40_000


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    return Engines(valkey_url, sqlite_url)


@dataclass
class Far:
    """The upstream's side: what it got, and the connection by which a test speaks for it."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    sockets: list[ServerConnection] = field(default_factory=list)
    closed: int = 0

    async def say(self, kind: str, **more: Any) -> None:
        await self.sockets[-1].send(json.dumps({"type": kind, **more}))

    async def heard(self, kind: str) -> None:
        await until(lambda: any(event["type"] == kind for event in self.got))

    async def respond(self, name: str = "resp_1", **more: Any) -> None:
        await self.say("response.created", response={"id": name, "status": "in_progress"})
        done = {"id": name, "status": "completed", "usage": USAGE} | more
        await self.say("response.done", response=done)


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


@dataclass
class Session:
    far: Far
    here: Stand
    purse: Purse
    rule: Any

    def connect(self, **more: Any) -> Any:
        url = f"ws://127.0.0.1:{self.here.port}/v1/realtime?model={MODEL}"
        return connect(more.pop("url", url), additional_headers=HEADERS, proxy=None, **more)

    async def counted(self) -> tuple[int, int]:
        now = await self.purse.counted(self.rule)
        return now.posted_nano, now.held_nano


@asynccontextmanager
async def realtime(engines: Engines, limit_usd: str = "100") -> AsyncIterator[Session]:
    far, rule = Far(), monthly(limit_usd)

    async def script(socket: ServerConnection) -> None:
        assert socket.request is not None
        far.headers = {k.lower(): v for k, v in socket.request.headers.raw_items()}
        far.sockets.append(socket)
        try:
            async for message in socket:
                far.got.append(json.loads(message))
        finally:
            far.closed += 1

    async with serve(script, "127.0.0.1", 0) as server, open_purse(engines, rule) as purse:
        port = next(iter(server.sockets)).getsockname()[1]
        process = await purse.process()
        async with stand(terms(f"http://127.0.0.1:{port}/v1"), real=process) as here:
            yield Session(far, here, purse, rule)
        # What a test sees in Redis has not always been acknowledged yet.
        await process.settlement.wait_until_acknowledged(5)


def create(**more: Any) -> str:
    return json.dumps({"type": "response.create", "event_id": "e1", "response": more})


async def heard(socket: Any, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            event: dict[str, Any] = json.loads(await socket.recv())
            if event["type"] == kind:
                return event


async def test_a_response_is_held_for_and_settled_by_its_done(engines):
    async with realtime(engines) as session, session.connect() as socket:
        await socket.send(create(max_output_tokens=100))
        await session.far.heard("response.create")
        assert (await session.counted())[1] >= 100 * TOKEN_NANO
        await session.far.respond()
        await heard(socket, "response.done")
        assert await session.counted() == (150 * TOKEN_NANO, 0)
        await session.purse.outbox.drain()
        (entry,) = await session.purse.ledger.search(Search())
        usage = entry.usage
        assert (usage.input_tokens, usage.cached_tokens, usage.audio_input_tokens) == (100, 30, 60)
        assert (usage.output_tokens, usage.audio_output_tokens) == (50, 40)
        assert (entry.endpoint, entry.agent) == ("realtime", "CONTENT")


async def test_our_key_goes_upstream_and_none_of_the_clients_headers_of_ours(engines):
    async with realtime(engines) as session, session.connect():
        await until(lambda: session.far.headers)
        assert session.far.headers["authorization"] == "Bearer upstream-key"
        assert "x-agent-type" not in session.far.headers


async def test_without_budget_an_error_event_is_told_and_the_socket_stays_open(engines):
    async with realtime(engines, "0.001") as session, session.connect() as socket:
        await socket.send(create())
        event = await heard(socket, "error")
        assert event["error"]["type"] == "insufficient_quota"
        assert event["error"]["code"] == "insufficient_quota"
        assert event["error"]["event_id"] == "e1"
        assert event["error"]["purser"]["reason"] == "budget_exceeded"
        await socket.send(json.dumps({"type": "response.cancel"}))
        await session.far.heard("response.cancel")
        assert [event["type"] for event in session.far.got] == ["response.cancel"]


async def test_with_voice_detection_audio_leaves_only_with_money_held(engines):
    audio = json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"})
    async with realtime(engines) as session:
        async with session.connect() as socket:
            await socket.send(audio)
            await session.far.heard("input_audio_buffer.append")
            one = (await session.counted())[1]
            assert one > 0
            await session.far.respond()
            await heard(socket, "response.done")
            await socket.send(audio)
            await until(lambda: len(session.far.got) == 2)
            assert await session.counted() == (150 * TOKEN_NANO, one)
        async with asyncio.timeout(60):
            while await session.counted() != (150 * TOKEN_NANO, 0):
                await asyncio.sleep(0.01)


async def test_with_detection_off_audio_holds_nothing(engines):
    async with realtime(engines) as session, session.connect() as socket:
        await until(lambda: session.far.sockets)
        off = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
        await session.far.say("session.created", session=off)
        await heard(socket, "session.created")
        await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"}))
        await session.far.heard("input_audio_buffer.append")
        assert await session.counted() == (0, 0)


async def test_a_response_that_nothing_was_held_for_is_cancelled_and_charged(engines):
    async with realtime(engines, "0.01") as session, session.connect() as socket:
        await until(lambda: session.far.sockets)
        await session.far.say("response.created", response={"id": "resp_9"})
        await session.far.heard("response.cancel")
        await session.far.say("response.done", response={"id": "resp_9", "usage": USAGE})
        await heard(socket, "response.done")
        assert await session.counted() == (150 * TOKEN_NANO, 0)


async def test_a_response_that_begins_while_redis_is_away_is_cancelled_and_charged(
    engines, monkeypatch
):
    async with realtime(engines) as session, session.connect() as socket:
        await until(lambda: session.far.sockets)

        async def away(*_: Any) -> Any:
            raise Unavailable("Redis cannot be reached")

        monkeypatch.setattr(Admission, "admit", away)
        await session.far.say("response.created", response={"id": "resp_9"})
        await session.far.heard("response.cancel")
        monkeypatch.undo()
        await session.far.say("response.done", response={"id": "resp_9", "usage": USAGE})
        await heard(socket, "response.done")
        assert await session.counted() == (150 * TOKEN_NANO, 0)


async def test_a_client_that_leaves_closes_the_upstream_and_a_running_response_is_assumed(engines):
    async with realtime(engines) as session:
        async with session.connect() as socket:
            await socket.send(create())
            await session.far.heard("response.create")
            await session.far.say("response.created", response={"id": "resp_1"})
            await heard(socket, "response.created")
            held = (await session.counted())[1]
            socket.transport.abort()
        async with asyncio.timeout(60):
            while not session.far.closed:
                await asyncio.sleep(0.005)
        async with asyncio.timeout(60):
            while await session.counted() != (held, 0):
                await asyncio.sleep(0.01)


async def test_the_upstreams_close_reaches_the_client(engines):
    async with realtime(engines) as session, session.connect() as socket:
        await until(lambda: session.far.sockets)
        await session.far.sockets[0].close(4001, "session expired")
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4001


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"type": "session.update", "session": {"type": "transcription"}}, "transcri"),
        ({"type": "session.update",
          "session": {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}}, "transcri"),
        ({"type": "session.update", "session": {"model": "gpt-4o-realtime-preview"}}, "model"),
    ],
)  # fmt: skip
async def test_what_costs_outside_of_responses_is_refused(engines, event, says):
    async with realtime(engines) as session, session.connect() as socket:
        await socket.send(json.dumps(event))
        told = await heard(socket, "error")
        assert told["error"]["type"] == "invalid_request_error"
        assert says in told["error"]["message"]
        assert session.far.got == []


async def test_a_key_in_a_subprotocol_is_refused_with_the_reason(engines):
    async with realtime(engines) as session:
        offered = ["realtime", "openai-insecure-api-key.sk-secret"]
        with pytest.raises(websockets.InvalidStatus) as refused:
            await session.connect(subprotocols=offered)
        assert refused.value.response.status_code == 400
        assert b"subprotocol" in refused.value.response.body
        assert session.far.sockets == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?model=unheard-of", 400),
        ("?model=a&intent=x", 400),
        ("?model=ft:gpt-4o-mini-2024-07-18:acme%00", 400),
    ],
)
async def test_a_session_that_cannot_be_bounded_is_refused(engines, query, status):
    async with realtime(engines) as session:
        url = f"ws://127.0.0.1:{session.here.port}/v1/realtime{query}"
        with pytest.raises(websockets.InvalidStatus) as refused:
            await session.connect(url=url)
        assert refused.value.response.status_code == status


async def test_the_handshake_is_guarded_as_a_call_is(engines):
    async with realtime(engines) as session:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await session.connect(origin="https://elsewhere.example")
        assert refused.value.response.status_code == 401
        plain = await session.here.client.get(f"/v1/realtime?model={MODEL}")
        assert plain.status_code == 426


async def test_a_session_takes_a_place_and_each_response_is_counted_and_logged(engines, caplog):
    caplog.set_level("INFO", "purser.proxy")
    async with realtime(engines) as session:
        session.here.terms = replace(session.here.terms, in_flight_max=1)
        async with session.connect() as socket:
            refused = await session.here.client.get("/v1/models")
            assert refused.json()["error"]["code"] == "too_many_in_flight"
            with pytest.raises(websockets.InvalidStatus) as busy:
                await session.connect()
            assert busy.value.response.status_code == 503
            await socket.send(create(max_output_tokens=100))
            await session.far.heard("response.create")
            await session.far.respond()
            await heard(socket, "response.done")
            text = session.here.metrics.text().decode()
            assert 'purser_calls_total{endpoint="realtime",outcome="settled"} 1.0' in text
            assert 'purser_calls_total{endpoint="realtime",outcome="refused"} 1.0' in text
            assert "purser_requests_in_flight 1.0" in text
        lines = [vars(r)["fields"] for r in caplog.records if r.message == "call"]
        (line,) = [fields for fields in lines if fields["outcome"] == "settled"]
        assert (line["endpoint"], line["charge_nano"]) == ("realtime", 150 * TOKEN_NANO)
        await until(lambda: "purser_requests_in_flight 0.0" in session.here.metrics.text().decode())
