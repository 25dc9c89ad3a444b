"""An upstream with batches, files and background responses, scripted; a proxy on real engines."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from budget.late import LateBooks
from proxy.forward import Upstream
from proxy.late import LatePolls
from tests.budget.purse import Engines, Process, Purse, monthly, open_purse
from tests.proxy.stand import Stand, stand, terms
from tests.proxy.upstreams import STREAM_END, STREAM_HEAD, Exchange, RawUpstream, chunk, http
from tests.proxy.upstreams import upstream as raw_upstream

RULE = monthly("100")
TOKEN_NANO = 40_000
"""An agent of type CONTENT: 0.04 USD for 1,000 tokens."""


def line(number: int, **changes: Any) -> dict[str, Any]:
    """One line of an input file, with a ceiling of 100 tokens."""
    body = {
        "model": "gpt-4o-mini",
        "max_completion_tokens": 100,
        "messages": [{"role": "user", "content": "Hello"}],
    } | changes
    return {
        "custom_id": f"n{number}", "method": "POST", "url": "/v1/chat/completions",
        "body": {name: value for name, value in body.items() if value is not None},
    }  # fmt: skip


def output(number: int, prompt: int = 10, completion: int = 20, status: int = 200) -> bytes:
    """One line of an output file."""
    usage = {
        "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }  # fmt: skip
    body = {"id": "chatcmpl-1", "model": "gpt-4o-mini", "choices": [], "usage": usage}
    if status != 200:
        body = {"error": {"message": "no"}}
    return json.dumps(
        {"custom_id": f"n{number}", "response": {"status_code": status, "body": body}}
    ).encode()


def jsonl(*lines: Any) -> bytes:
    """Lines of a file."""
    return b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines) + b"\n"


def response(status: str, tokens: int = 0, **more: Any) -> dict[str, Any]:
    """A background response."""
    usage = {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": 2 * tokens}
    return {
        "id": "resp_1", "object": "response", "status": status, "model": "gpt-4o-mini",
        "usage": usage if tokens else None, "output": [],
    } | more  # fmt: skip


@dataclass
class Provider:
    """What the upstream has; tests change it at will."""

    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=lambda: response("queued"))
    events: list[dict[str, Any]] = field(default_factory=list)
    created_at: object = 2_000_000_000
    more_batches: bool = False
    lose_answers: bool = False
    hang: bool = False
    """A batch is made, and its maker is not told."""

    async def script(self, exchange: Exchange) -> None:
        """Answer one request."""
        request = exchange.request
        method, target = request.head.split(b" ")[:2]
        path = target.decode().split("?")[0].removeprefix("/v1/").split("/")
        match method.decode(), *path:
            case "GET", "files", name, "content":
                await self._give(exchange, self.files.get(name))
            case "POST", "batches":
                await self._create(exchange, json.loads(request.body))
            case "GET", "batches":
                page = {"data": list(self.batches.values())[::-1], "has_more": self.more_batches}
                await self._give(exchange, page)
            case "GET", "batches", name:
                await self._give(exchange, self.batches.get(name))
            case "POST", "batches", name, "cancel":
                await self._give(exchange, self.batches.get(name))
            case "POST", "responses" if self.events:
                await self._stream(exchange)
            case (_, "responses", *_):
                await self._give(exchange, self.response or None)
            case _:
                await exchange.send(http(404, b"{}"))

    async def _create(self, exchange: Exchange, asked: dict[str, Any]) -> None:
        name = f"batch_{len(self.batches) + 1}"
        self.batches[name] = asked | {
            "id": name, "object": "batch", "status": "validating", "created_at": self.created_at,
        }  # fmt: skip
        if self.hang:
            await exchange.left()
            return
        if self.lose_answers:
            exchange.writer.close()
            return
        await self._give(exchange, self.batches[name])

    async def _stream(self, exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD)
        for event in self.events:
            data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            await exchange.send(chunk(data))
        if self.events[-1]["type"] == "response.completed":
            await exchange.send(STREAM_END)
        else:
            await exchange.left()

    @staticmethod
    async def _give(exchange: Exchange, what: Any) -> None:
        if what is None:
            await exchange.send(http(404, b'{"error":{"message":"none"}}'))
            return
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        await exchange.send(http(200, body))

    def end_batch(self, name: str, *lines: bytes, status: str = "completed") -> None:
        """The batch is over, with these lines of output."""
        self.files["file-out"] = jsonl(*lines)
        self.batches[name] |= {"status": status, "output_file_id": "file-out"}


@dataclass
class Late:
    """A deployment with late work."""

    provider: Provider
    far: RawUpstream
    here: Stand
    purse: Purse
    process: Process
    polls: LatePolls

    async def create(self, *lines: Any, **changes: Any) -> Any:
        """Create a batch of these lines."""
        self.provider.files["file-in"] = jsonl(*lines)
        asked = {
            "input_file_id": "file-in", "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        } | changes  # fmt: skip
        return await self.here.client.post(
            "/v1/batches", json=asked, headers={"X-Agent-Type": "CONTENT"}
        )

    async def ask(self, **changes: Any) -> Any:
        """Ask for a background response."""
        asked = {
            "model": "gpt-4o-mini", "input": "Hello", "max_output_tokens": 100, "background": True,
        } | changes  # fmt: skip
        return await self.here.client.post(
            "/v1/responses", json=asked, headers={"X-Agent-Type": "CONTENT"}
        )

    async def poll(self) -> None:
        """One look of the janitor, without waiting for its pauses."""
        self.polls._pauses.clear()
        await self.polls.tick()

    async def counted(self) -> tuple[int, int]:
        """Posted and held, nano-dollars."""
        now = await self.purse.counted(RULE)
        return now.posted_nano, now.held_nano

    async def charges(self, hold_id: str) -> list[tuple[str, int]]:
        """The ledger's entries of one call."""
        return [(e.status.value, e.charge_nano) for e in await self.purse.entries(hold_id)]


@asynccontextmanager
async def late_stand(engines: Engines, **changes: Any) -> AsyncIterator[Late]:
    """A provider, a proxy before it, a janitor that is ticked by hand."""
    provider = Provider()
    async with raw_upstream(provider.script) as far, open_purse(engines, RULE) as purse:
        process = await purse.process()
        given = terms(far.url, **changes)
        own = Upstream()
        async with stand(given, real=process) as here:
            books = LateBooks(purse.link, purse.ledger, "janitor-1")
            polls = LatePolls(books, own, lambda: here.terms.target)
            yield Late(provider, far, here, purse, process, polls)
        await own.aclose()
