"""A server connection that bounds what comes before a request is one: the bytes of its head.

uvicorn's httptools protocol takes a head of any size in any time, and says what is wrong with
one in plain text.
"""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from config.bounds import HEADER_BYTES_MAX
from proxy.errors import Refusal, bad_request
from proxy.reply import CUT

HEAD_S: Final = 10.0
"""From the first byte of a connection or request to the last of its head."""
HEAD_BYTES_MAX: Final = 2 * HEADER_BYTES_MAX
"""With names, colons and line ends. The guard has the exact bound and the better answer."""


def _cut(cycle: RequestResponseCycle) -> None:
    # uvicorn takes an answer that is not whole for a fault, and logs it, unless the client left.
    cycle.disconnected = True
    cycle.transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 on one connection; give it to uvicorn as `http`."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head has begun to be late."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is late any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._start_timer()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()
        if self.cycle is not None:
            # Typed as if every extension were a mapping.
            extensions: Any = self.scope.setdefault("extensions", {})
            extensions[CUT] = partial(_cut, self.cycle)

    def data_received(self, data: bytes) -> None:
        """Parse, then look at how much of an unfinished head there is."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(
                Refusal(
                    431,
                    f"The head of the request is larger than {HEAD_BYTES_MAX:,} bytes.",
                    code="headers_too_large",
                )
            )

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is told so in OpenAI's shape too."""
        self._refuse(bad_request(msg, code="invalid_http"))

    def _start_timer(self) -> None:
        self._stop_timer()
        self._head_timer = self.loop.call_later(HEAD_S, self._late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _late(self) -> None:
        """Close what sent nothing; tell what sent half a head, but never into another's answer."""
        if self._answering:
            self._start_timer()
        elif self._in_head:
            self._refuse(
                Refusal(
                    408,
                    f"The head of the request did not arrive within {HEAD_S:g} s.",
                    code="request_timeout",
                )
            )
        else:
            self.transport.close()

    @property
    def _answering(self) -> bool:
        """A request that came before on this connection has not had its whole answer."""
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, refusal: Refusal) -> None:
        self._stop_timer()
        self._in_head = False
        if self._answering:
            self.transport.close()
            return
        body = refusal.body()
        status = HTTPStatus(refusal.status)
        self.transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )
        self.transport.close()
