"""The answer that a client gets, over ASGI."""

import asyncio
from typing import Any

from config.bounds import READ_S
from proxy.errors import HeaderList, Refusal
from proxy.request import ClientGone

BODILESS = (204, 304)


class Reply:
    """One answer. `ours` are headers that every answer of this request carries."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self.ours: HeaderList = []
        self.started = False

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
        """End the answer cleanly. Without this the server cuts the connection."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Send an answer with a body that is known."""
        if status not in BODILESS:
            headers = [*headers, (b"content-length", str(len(body)).encode())]
        await self.start(status, headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def refuse(self, refusal: Refusal, close: bool = False) -> None:
        """Answer with a refusal; `close` where the rest of the request was not read."""
        headers: HeaderList = [(b"content-type", b"application/json"), *refusal.headers]
        if close:
            headers.append((b"connection", b"close"))
        await self.whole(refusal.status, headers, refusal.body())
