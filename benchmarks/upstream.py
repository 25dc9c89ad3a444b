"""An upstream that costs next to nothing: `python -m benchmarks.upstream PORT`.

The sandbox counts tokens as OpenAI does, which would be most of what is measured with large
prompts. This one answers every chat alike, takes any upload, and serves a file of any size. A
streamed chat goes on until its reader leaves; `GET /left` says when each did.
"""

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Final

from config.bounds import MIB
from tests.harness import Process, free_port

CHAT: Final = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Spring."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 16, "completion_tokens": 2, "total_tokens": 18},
    }
).encode()
FILE: Final = b'{"id": "file-1", "object": "file"}'
PIECE: Final = bytes(256 * 1024)
EVENT: Final = b'data: {"choices":[{"index":0,"delta":{"content":"Spring"}}]}\n\n'
EVENT_S: Final = 0.02
READ_BYTES_MAX: Final = MIB
LEFT_S: Final[list[float]] = []
"""By the clock that all processes of a machine share."""
_CONTENT: Final = re.compile(rb"GET /v1/files/file-(\d+)/content")
"""A file's name is its size in bytes."""
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class BareUpstream(Process):
    """It, in a process of its own; `url` ends before `/v1`."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "benchmarks.upstream", str(port)]
        super().__init__(command, folder, name="upstream", measured=False)

    def wait_ready(self, seconds: float = 10.0) -> None:
        """Until it says that it listens."""
        self.wait_log("listening", seconds)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, request after request."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            left, streamed = int(found[1]) if found else 0, False
            while left:
                piece = await reader.read(min(left, READ_BYTES_MAX))
                left, streamed = left - len(piece), b'"stream": true' in piece
            file = _CONTENT.match(head)
            if streamed:
                await go_on(reader, writer)
            elif head.startswith(b"GET /left"):
                answer(writer, json.dumps(LEFT_S).encode())
            elif file is not None:
                await give(writer, int(file[1]))
            else:
                answer(writer, FILE if head.startswith(b"POST /v1/files") else CHAT)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def answer(writer: asyncio.StreamWriter, body: bytes) -> None:
    """JSON."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(body) + body)


async def go_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A stream without an end. Raises `ConnectionError` once its reader has left."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    leaving = asyncio.ensure_future(reader.read(1))
    while not leaving.done():
        writer.write(EVENT)
        await asyncio.wait([leaving], timeout=EVENT_S)
    LEFT_S.append(time.monotonic())
    raise ConnectionError("the reader has left")


async def give(writer: asyncio.StreamWriter, size: int) -> None:
    """A file of zeros."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    writer.write(head + b"Content-Length: %d\r\n\r\n" % size)
    for _ in range(size // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()
    writer.write(PIECE[: size % len(PIECE)])


async def main() -> None:
    """Serve for ever."""
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=READ_BYTES_MAX)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
