"""uvicorn, set up for paid calls: framing and heads bounded, no headers of its own."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from config.bounds import EVENT_BYTES_MAX
from proxy.connection import BoundedProtocol
from sandbox.server import BreakableProtocol

BACKLOG: Final = 4096
KEEP_ALIVE_S: Final = 75
GRACE_S: Final = 30
"""How long calls in flight may go on after SIGTERM."""


class CannotListen(Exception):
    """The address is taken, or is not this machine's."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises `CannotListen`. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host}:{port} ({error.strerror}): stop what listens there, or "
            "choose another by server.port or PURSER_PORT"
        ) from error
    listener.setblocking(False)
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server(app: Any, protocol: type[HttpToolsProtocol] = BoundedProtocol) -> uvicorn.Server:
    """A server of `app` that is not started."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="websockets-sansio",
            ws_max_size=EVENT_BYTES_MAX,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


class _Beside(uvicorn.Server):
    """A second server in one loop: signals belong to the first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class SideServer:
    """Serves the sandbox on a free loopback port, inside this process, until it is stopped."""

    def __init__(self, sandbox: Any) -> None:
        self._listener = bind("127.0.0.1", 0)
        self.url = address(self._listener)
        config = server(sandbox, BreakableProtocol).config
        self._server = _Beside(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from now on."""
        self._task = asyncio.create_task(self._server.serve([self._listener]))
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Serve no more."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._task is not None:
            await self._task
