"""What Dash and the index say, made small on the way out.

At quick levels: the work is done anew for every answer. What is compressed here carries no
secret beside what an address asked for, so that its length tells nothing.
"""

import asyncio
import gzip
from typing import Any, Final

import brotli

from dashboard.http import header_or_none
from proxy.asgi import App, Receive, Scope, Send

SMALL_BYTES: Final = 1024
"""Fits one packet with its headers: nothing is won below."""
LARGE_BYTES: Final = 64 * 1024
"""Takes more than a millisecond: made in a thread."""
BROTLI_LEVEL: Final = 4
GZIP_LEVEL: Final = 5


class Compressed:
    """An application whose answers are compressed where the browser takes that.

    Streams and what is compressed already pass as they are.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        coding = _coding(scope)
        await self._app(scope, receive, _Whole(send, coding) if coding else send)


class _Whole:
    """Keeps the head of one answer back until its body is there."""

    def __init__(self, send: Send, coding: str) -> None:
        self._send = send
        self._coding = coding
        self._head: Any = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower(): value for name, value in message["headers"]}
            length = names.get(b"content-length", b"")
            if length.isdigit() and int(length) > SMALL_BYTES and b"content-encoding" not in names:
                self._head = message
                return
        if self._head is None:
            await self._send(message)
            return
        self._parts.append(message.get("body", b""))
        if not message.get("more_body"):
            await self._finish(b"".join(self._parts))

    async def _finish(self, body: bytes) -> None:
        if len(body) > LARGE_BYTES:
            small = await asyncio.to_thread(_compressed, body, self._coding)
        else:
            small = _compressed(body, self._coding)
        kept = [pair for pair in self._head["headers"] if pair[0].lower() != b"content-length"]
        kept += [
            (b"content-length", str(len(small)).encode()),
            (b"content-encoding", self._coding.encode()),
            (b"vary", b"accept-encoding"),
        ]
        await self._send({**self._head, "headers": kept})
        await self._send({"type": "http.response.body", "body": small, "more_body": False})


def _coding(scope: Scope) -> str:
    accepts = (header_or_none(scope, b"accept-encoding") or "").lower()
    if scope["method"] == "HEAD":
        return ""
    return "br" if "br" in accepts else "gzip" if "gzip" in accepts else ""


def _compressed(body: bytes, coding: str) -> bytes:
    if coding == "br":
        small: bytes = brotli.compress(body, quality=BROTLI_LEVEL)
        return small
    return gzip.compress(body, GZIP_LEVEL, mtime=0)
