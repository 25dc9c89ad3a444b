"""One incoming request: its head, its body within bounds, and whether its client is still there."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final

from proxy.errors import HeaderList, ProxyError, Refusal

Scope = dict[str, Any]
"""As ASGI hands it over."""

LINGER_BYTES_MAX: Final = 64 * 2**20
LINGER_S: Final = 5.0
"""A refused body is still taken within these: a client that is cut off while it writes never
reads why."""


class ClientGone(ProxyError):
    """The client closed its connection before it had its answer."""


class Request:
    """An HTTP request over ASGI."""

    def __init__(self, scope: Scope, receive: Any) -> None:
        self.method: str = scope["method"]
        self.headers: HeaderList = list(scope["headers"])
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.query: bytes = scope.get("query_string", b"")
        self.peer: str | None = scope["client"][0] if scope.get("client") else None
        self.body_complete = False
        self._late = False
        self._receive = receive

    @property
    def has_body(self) -> bool:
        """Whether its head announces a body."""
        framing = dict(self.headers)
        return b"transfer-encoding" in framing or framing.get(b"content-length", b"0") != b"0"

    async def read(self, bytes_max: int, receive_s: float) -> bytes:
        """The whole body; raises `Refusal` 413 and 408 at the bounds, `ClientGone`."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(receive_s):
                while not self.body_complete:
                    part = await self._next()
                    size += len(part)
                    if size > bytes_max:
                        raise too_large(bytes_max)
                    parts.append(part)
        except TimeoutError:
            self._late = True
            raise Refusal(
                408,
                f"The request body did not arrive within {receive_s:g} s.",
                code="request_timeout",
            ) from None
        return b"".join(parts)

    async def pieces(self, bytes_max: int, receive_s: float) -> AsyncIterator[bytes]:
        """The body as it comes; raises as `read`, but 408 only where a single piece is late."""
        size = 0
        while not self.body_complete:
            try:
                async with asyncio.timeout(receive_s):
                    piece = await self._next()
            except TimeoutError:
                self._late = True
                raise Refusal(
                    408,
                    f"Nothing more of the request body arrived for {receive_s:g} s.",
                    code="request_timeout",
                ) from None
            size += len(piece)
            if size > bytes_max:
                raise too_large(bytes_max, UPLOADS)
            if piece:
                yield piece

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self.body_complete = not message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def linger(self) -> None:
        """Take what is left of a refused body, within bounds, unless it came too slowly."""
        taken = 0
        try:
            async with asyncio.timeout(LINGER_S):
                while not self.body_complete and not self._late and taken < LINGER_BYTES_MAX:
                    taken += len(await self._next())
        except (TimeoutError, ClientGone):
            return

    async def gone(self) -> None:
        """Return once the client has left. Only after the body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class UntilGone:
    """Cancels what runs inside as soon as the client leaves, and raises `ClientGone` then."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._left = False
        self._task: asyncio.Task[Any] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._cancelling = 0

    async def __aenter__(self) -> None:
        self._task = asyncio.current_task()
        assert self._task is not None
        self._cancelling = self._task.cancelling()
        self._watch = asyncio.create_task(self._request.gone())
        self._watch.add_done_callback(self._on_gone)

    def _on_gone(self, watch: "asyncio.Task[None]") -> None:
        if not watch.cancelled() and watch.exception() is None and self._task is not None:
            self._left = True
            self._task.cancel()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        assert self._watch is not None
        self._watch.remove_done_callback(self._on_gone)
        self._watch.cancel()
        if not self._left or self._task.uncancel() > self._cancelling:
            return
        if kind is None or issubclass(kind, asyncio.CancelledError):
            raise ClientGone from error


BODIES: Final = "server.body_bytes_max"
UPLOADS: Final = "server.upload_bytes_max, and what OpenAI takes on this path"


def too_large(bytes_max: int, setting: str = BODIES) -> Refusal:
    """413: more body than this deployment takes."""
    return Refusal(
        413,
        f"The request body is larger than {bytes_max:,} bytes, the most that is taken here "
        f"({setting}).",
        code="request_too_large",
    )
