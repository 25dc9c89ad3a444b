"""ASGI as the gates of the billing API and the panel take it: a small body, read whole."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from config.bounds import RECEIVE_S

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class ClientGone(Exception):
    """The client left before its request was complete, or takes no more of its answer."""


class TooLarge(Exception):
    """A body of more bytes than were allowed."""


class TooSlow(Exception):
    """A body that was not complete in time."""


async def whole_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The body, bounded in size and time; raises `TooLarge`, `TooSlow` and `ClientGone`."""
    for name, value in scope["headers"]:
        if name == b"content-length" and not (value.isdigit() and int(value[:20]) <= bytes_max):
            raise TooLarge
    parts, size = [], 0
    try:
        async with asyncio.timeout(RECEIVE_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > bytes_max:
                    raise TooLarge
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise TooSlow from None


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already."""
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def unstalled(send: Send, seconds: float) -> Send:
    """A `send` that raises `ClientGone` where the client takes nothing for so long."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await send(message)
        except TimeoutError:
            raise ClientGone from None

    return sending
