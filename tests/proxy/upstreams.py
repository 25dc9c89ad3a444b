"""A raw HTTP upstream: a test scripts every byte that it sends, and reads every byte it gets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def target(self) -> bytes:
        return self.head.split(b" ")[1]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        lines = self.head.split(b"\r\n")[1:]
        return [tuple(line.split(b": ", 1)) for line in lines if line]  # type: ignore[misc]

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Exchange:
    """What a script works with: the request, the socket, and whether the proxy left."""

    request: Received
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def left(self) -> None:
        """Return once the other side has closed."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            return


Script = Callable[[Exchange], Awaitable[None]]


@dataclass
class RawUpstream:
    url: str
    received: list[Received] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def upstream(script: Script) -> AsyncIterator[RawUpstream]:
    """Runs `script` for each request; the connection closes when it returns after `close`."""
    state = RawUpstream("")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        state.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                state.received.append(request)
                await script(Exchange(request, reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**27)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    request = Received(head[:-4], b"")
    length = int((request.values(b"content-length") or [b"0"])[0])
    try:
        request.body = await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    return request


def http(
    status: int, body: bytes, *headers: bytes, content_type: bytes = b"application/json"
) -> bytes:
    lines = [
        b"HTTP/1.1 %d Reason" % status,
        b"Content-Type: " + content_type,
        b"Content-Length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
STREAM_END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(payload: object) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return f"data: {text}\n\n".encode()


def answering(data: bytes) -> Script:
    """Sends the same bytes for every request."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(data)

    return script


def closing(data: bytes = b"") -> Script:
    """Sends bytes and cuts the connection."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(data)
        exchange.writer.close()

    return script
