"""A relay between a process and its Redis, database or upstream, which can misbehave on order.

It runs in a thread of its own, so that a test may block while traffic flows.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHUNK_BYTES = 65_536
REQUEST_LINE = re.compile(rb"\b([A-Z]{3,7}) (/[^ ?\r\n]*)[^ \r\n]* HTTP/1\.1\r\n")

Address = Path | tuple[str, int]
"""A unix socket's path, or a host and a port."""


class Relay:
    """Passes bytes on to `upstream`; listens on a loopback port, or on the unix socket `listen`.

    With `tls` it speaks TLS on its port, and not to its upstream.
    """

    def __init__(
        self,
        upstream: Address,
        *,
        listen: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.upstream = upstream
        self.listen = listen
        self._tls = tls
        self.port = 0
        self.connections = 0
        """How many connections were taken since the start."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests: list[bytearray] = []
        # One for each connection: a WebSocket's last bytes are not the begin of a request line.
        self._drop: _Drop | None = None
        self._miss: _Drop | None = None
        self._hold: bytes | None = None
        self._held: tuple[_Link, bytes] | None = None
        self._latency_s = 0.0
        self._slow: bytes | None = None
        self.let_through = False
        """Whether the request that was held back has been answered."""

    def __enter__(self) -> Self:
        self._thread.start()
        self.accept()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The relay as an HTTP server's address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    # What a test may order. Each takes effect before the call returns.

    def drop_replies(self, to: bytes | None = None, *, once: bool = False) -> None:
        """Requests still arrive, but their replies are lost and the connection is cut instead.

        With `to`, only a connection that has just sent these bytes loses its reply; with `once`,
        only the first such reply is lost.
        """
        self._drop = _Drop(to, once)

    @property
    def dropping(self) -> bool:
        """Whether an order to lose a reply or a request still stands."""
        return self._drop is not None or self._miss is not None

    def drop_requests(self, to: bytes, *, once: bool = False) -> None:
        """A request that has these bytes does not arrive; its connection is cut."""
        self._miss = _Drop(to, once)

    def hold_back(self, request: bytes) -> None:
        """The next request that has these bytes waits until `let_go`.

        It arrives then also where its sender has given up, as one that was late on its way.
        """
        self._hold, self._held, self.let_through = request, None, False

    @property
    def held_back(self) -> bool:
        """Whether a request waits."""
        return self._held is not None

    def let_go(self) -> None:
        """The request that was held back arrives now."""
        self._run(self._let_go())

    def add_latency(self, seconds: float, to: bytes | None = None) -> None:
        """Every reply comes later by this long from now on; with `to`, replies to such requests."""
        self._latency_s, self._slow = seconds, to

    def heal(self) -> None:
        """Ends every order but `cut`; a request that is still held back never arrives."""
        self._drop = self._miss = self._hold = self._held = None
        self._latency_s = 0.0
        self.accept()

    def cut(self) -> None:
        """Every open connection is reset, on both sides."""
        self._run(self._cut())

    def refuse(self) -> None:
        """Open connections are reset and new ones are refused, as if the server had died."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Takes connections again, at the same address."""
        if self._server is None:
            self._run(self._listen())

    def count(self, pattern: bytes) -> int:
        """How often `pattern` stood in what clients sent."""
        return sum(sent.count(pattern) for sent in self._requests)

    def request_lines(self) -> list[tuple[str, str]]:
        """Method and path (without query) of every HTTP request, connection by connection."""
        found = [line for sent in self._requests for line in REQUEST_LINE.findall(sent)]
        return [(method.decode(), path.decode()) for method, path in found]

    @property
    def open_connections(self) -> int:
        """How many connections are open right now."""
        return len(self._links)

    # Inside the relay's own loop.

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    async def _listen(self) -> None:
        if self.listen is not None:
            self.listen.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._take, self.listen)
            return
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if isinstance(self.upstream, Path):
                there = await asyncio.open_unix_connection(self.upstream)
            else:
                there = await asyncio.open_connection(*self.upstream)
        except OSError:
            writer.transport.abort()
            return
        link = _Link((reader, writer), there)
        self._links.add(link)
        for work in (self._pass_requests(link), self._pass_replies(link)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_requests(self, link: "_Link") -> None:
        sent = bytearray()
        self._requests.append(sent)
        while chunk := await link.read(link.client):
            sent += chunk
            if (miss := self._miss) and miss.to and miss.to in chunk:
                if miss.once:
                    self._miss = None
                break
            if self._hold and self._hold in chunk:
                # Its connection is kept, whatever its sender does: it belongs to `let_go`.
                self._hold, self._held = None, (link, chunk)
                return
            link.tail = link.tail[-256:] + chunk
            link.there[1].write(chunk)
        self._end(link)

    async def _let_go(self) -> None:
        assert self._held is not None, "nothing is held back"
        (link, chunk), self._held = self._held, None
        link.late = True
        link.there[1].write(chunk)

    async def _pass_replies(self, link: "_Link") -> None:
        while chunk := await link.read(link.there):
            if (drop := self._drop) and (drop.to is None or drop.to in link.tail):
                if drop.once:
                    self._drop = None
                break
            if self._latency_s and (self._slow is None or self._slow in link.tail):
                await asyncio.sleep(self._latency_s)
            link.tail = b""
            if link.late:
                self.let_through = True
                break
            link.client[1].write(chunk)
        self._end(link)

    def _end(self, link: "_Link") -> None:
        self._links.discard(link)
        link.close()

    async def _cut(self) -> None:
        for link in tuple(self._links):
            link.abort()
            self._links.discard(link)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _close(self) -> None:
        await self._refuse()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Drop:
    """An order to lose replies."""

    def __init__(self, to: bytes | None, once: bool) -> None:
        self.to = to
        self.once = once


class _Link:
    """One connection, with both of its ends."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.client = client
        self.there = there
        self.tail = b""
        self.late = False

    @staticmethod
    async def read(end: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
        """The next bytes from this end; empty once it has closed, however it did."""
        try:
            return await end[0].read(CHUNK_BYTES)
        except OSError:
            return b""

    def close(self) -> None:
        """Both ends, after what was written has gone."""
        self.client[1].close()
        self.there[1].close()

    def abort(self) -> None:
        """Both ends, at once."""
        self.client[1].transport.abort()
        self.there[1].transport.abort()
