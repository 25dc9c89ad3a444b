"""The answer that a client gets, over ASGI."""

import asyncio
from typing import Any

from config.bounds import READ_S
from proxy.errors import HeaderList, Refusal
from proxy.request import ClientGone, Scope

BODILESS = (204, 304)
CUT = "purser.cut"
"""The ASGI extension by which the server closes a connection whose answer is not whole."""


class Reply:
    """One answer. `ours` are headers that every answer of this request carries."""

    def __init__(self, scope: Scope, send: Any) -> None:
        self._send = send
        self._cut = scope.get("extensions", {}).get(CUT)
        self.ours: HeaderList = []
        self.started = False
        self._ended = False

    async def start(self, status: int, headers: HeaderList) -> None:
        """Send the head."""
        self.started = True
        await self._send(
            {"type": "http.response.start", "status": status, "headers": headers + self.ours}
        )

    async def send(self, body: bytes) -> None:
        """Send a part; raises `ClientGone` when the client takes nothing for too long."""
        try:
            async with asyncio.timeout(READ_S):
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            raise ClientGone from None

    async def finish(self) -> None:
        """End the answer cleanly."""
        self._ended = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Send an answer with a body that is known."""
        if status not in BODILESS:
            headers = [*headers, (b"content-length", str(len(body)).encode())]
        await self.start(status, headers)
        self._ended = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def cut_short(self) -> None:
        """An answer that was begun and not ended is cut: its client must not take it for whole."""
        if self.started and not self._ended and self._cut is not None:
            self._cut()

    async def refuse(self, refusal: Refusal, close: bool = False) -> None:
        """Answer with a refusal; `close` where the rest of the request was not read."""
        headers: HeaderList = [(b"content-type", b"application/json"), *refusal.headers]
        if close:
            headers.append((b"connection", b"close"))
        await self.whole(refusal.status, headers, refusal.body())
