"""The sandbox on uvicorn: a protocol that can break connections off, and a file when ready."""

import asyncio
import os
import socket
from pathlib import Path

import orjson
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.exchange import TRANSPORT

GRACE_S = 2
"""How long open requests may go on after SIGTERM."""


class BreakableProtocol(HttpToolsProtocol):
    """Gives the application its connection, for faults that HTTP itself has no words for."""

    def on_message_begin(self) -> None:
        """Put the transport into the scope of each request."""
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class ReadyServer(uvicorn.Server):
    """Writes `{"url": …, "pid": …}` once it listens, so that a test needs to guess no port."""

    def __init__(self, config: uvicorn.Config, ready_file: Path | None) -> None:
        super().__init__(config)
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell where."""
        await super().startup(sockets)
        if self._ready_file is None:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        ready = orjson.dumps({"url": f"http://{shown}:{port}", "pid": os.getpid()})
        await asyncio.to_thread(_write_whole, self._ready_file, ready)


def serve(app: ASGIApp, host: str, port: int, ready_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes a free one."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=BreakableProtocol,
        ws="websockets-sansio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=4096,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    ReadyServer(config, ready_file).run()


def _write_whole(path: Path, data: bytes) -> None:
    """Whoever waits for the file never reads half of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
