"""One request and its answer on the wire: headers, JSON, events, and the ways to break off."""

import gzip
import time
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sandbox.account import ANSWERED, CLIENT_GONE, CUT, FAILED, Account, Call
from sandbox.answer import Answer
from sandbox.errors import ApiError
from sandbox.faults import Fault
from sandbox.pacing import Departure
from sandbox.prices import provider_nano

TRANSPORT = "sandbox.transport"
"""The key in the ASGI scope under which `server.py` gives the connection, to break it off."""

PIECE_BYTES = 64 * 1024

Headers = list[tuple[bytes, bytes]]

_CONSTANT_HEADERS: Headers = [
    (b"openai-organization", b"sandbox"),
    (b"openai-version", b"2020-10-01"),
    (b"x-ratelimit-limit-requests", b"30000"),
    (b"x-ratelimit-limit-tokens", b"150000000"),
    (b"x-ratelimit-remaining-requests", b"29999"),
    (b"x-ratelimit-remaining-tokens", b"149999000"),
    (b"x-ratelimit-reset-requests", b"2ms"),
    (b"x-ratelimit-reset-tokens", b"0s"),
]
COOKIES: Headers = [
    (b"set-cookie", b"__cf_bm=sandbox; path=/; domain=.api.openai.com; HttpOnly; Secure"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
    (b"alt-svc", b'h3=":443"; ma=86400'),
]
RUBBISH = b"\x00\xff<<<this is neither JSON nor an event>>>\xfe\r\n\r\n{{{"
JSON_TYPE = (b"content-type", b"application/json")
WEB_PAGE = b"<!doctype html><html><body>It works!</body></html>"
PAGE_TYPE = (b"content-type", b"text/html; charset=utf-8")
EVENT_TYPE = (b"content-type", b"text/event-stream; charset=utf-8")


class Exchange:
    """Answers one request, and enters in the account how that went."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, account: Account, call: Call, serial: str
    ) -> None:
        self.account = account
        self.call = call
        self._scope = scope
        self._receive = receive
        self._send = send
        self._serial = serial

    async def body(self) -> bytes:
        """The whole request body; raises `ClientDisconnect`."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The request body as it arrives; raises `ClientDisconnect`."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return

    async def delay(self, seconds: float) -> None:
        """Wait before answering; raises `ClientDisconnect`."""
        departure = Departure(self._receive)
        try:
            if await departure.within(seconds):
                self.call.gone_ns = departure.noticed_ns
                raise ClientDisconnect
        finally:
            await departure.stop()

    async def stall(self) -> None:
        """Answer nothing until the client leaves."""
        departure = Departure(self._receive)
        await departure.happens()
        self.call.gone_ns = departure.noticed_ns
        self.account.close(self.call, CLIENT_GONE)

    def gone(self) -> None:
        """The client left before it got anything."""
        self.call.gone_ns = self.call.gone_ns or time.monotonic_ns()
        self.account.close(self.call, CLIENT_GONE)

    async def plain(self, body: bytes, status: int = 200, extra: Headers | None = None) -> None:
        """A JSON answer that costs nothing."""
        self.call.status = status
        self.account.close(self.call, ANSWERED if status < 300 else FAILED)
        await self._whole(status, body, [JSON_TYPE, *(extra or [])])

    async def refuse(self, error: ApiError) -> None:
        """A refusal in OpenAI's shape."""
        retry = [(b"retry-after-ms", b"20")] if error.status == 429 else []
        await self.plain(error.body(), error.status, retry)

    async def content(self, body: bytes, content_type: str, headers: Headers) -> None:
        """Bytes that cost nothing, in pieces."""
        self.call.status = 200
        self.account.close(self.call, ANSWERED)
        kind = (b"content-type", content_type.encode())
        length = (b"content-length", b"%d" % len(body))
        await self.start(200, [kind, length, *headers])
        for begin in range(0, len(body), PIECE_BYTES):
            await self.chunk(body[begin : begin + PIECE_BYTES])
        await self.chunk(b"", last=True)

    async def reset(self) -> None:
        """Break the connection off before anything is answered."""
        self.account.close(self.call, FAILED)
        transport = self._scope.get(TRANSPORT)
        if transport is None:
            raise ConnectionResetError
        transport.abort()
        await self._until_gone()

    async def document(self, answer: Answer, body: bytes, fault: Fault) -> None:
        """A success in one piece, with the fault that was ordered."""
        kind = JSON_TYPE
        if answer.content is not None:
            kind = (b"content-type", answer.content_type.encode())
        headers: Headers = [kind]
        match fault.name:
            case "truncate":
                self.bill(CUT, answer, answer.units.output_tokens)
                await self.start(200, [kind, (b"content-length", b"%d" % (len(body) + 64))])
                await self.chunk(body)
                await self.break_off()
                return
            case "rubbish":
                body = RUBBISH
            case "not_json_200":
                body, headers = WEB_PAGE, [PAGE_TYPE]
            case "gzip":
                body = gzip.compress(body)
                headers = [kind, (b"content-encoding", b"gzip")]
            case "cookie":
                headers = [kind, *COOKIES]
        self.bill(ANSWERED, answer, answer.units.output_tokens)
        await self._whole(200, body, headers)

    def bill(self, state: str, answer: Answer, output_tokens: int) -> None:
        """Enter what the answer cost, with so many output tokens produced."""
        units = answer.units.cut_to(output_tokens)
        self.call.planned = answer.units
        nano = provider_nano(answer.model, units, answer.tier)
        self.account.close(self.call, state, units=units, nano=nano)

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self.call.status = status
        elapsed_ms = (time.monotonic_ns() - self.call.received_ns) // 1_000_000
        own = [
            (b"x-request-id", b"req_" + self._serial.encode()),
            (b"openai-processing-ms", b"%d" % elapsed_ms),
        ]
        message = {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, *own, *_CONSTANT_HEADERS],
        }
        await self._send(message)

    async def chunk(self, body: bytes, *, last: bool = False) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def break_off(self) -> None:
        """Close the connection after what was sent, without an end of the body."""
        transport = self._scope.get(TRANSPORT)
        if transport is None:
            raise ConnectionAbortedError
        transport.close()
        await self._until_gone()

    def watch(self) -> Departure:
        """Notice when the client leaves."""
        return Departure(self._receive)

    async def _whole(self, status: int, body: bytes, headers: Headers) -> None:
        await self.start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self.chunk(body, last=True)

    async def _until_gone(self) -> None:
        """The server must see the connection's end before the application returns."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
