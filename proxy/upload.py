"""Bodies that are not held in memory: passed on as they come, or read once and kept on disk."""

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Final

from config.bounds import KIB, SPOOL_BYTES_MAX
from proxy.body import Body
from proxy.errors import Refusal
from proxy.form import FormReader
from proxy.request import ClientGone, Request

PIECE_BYTES: Final = 256 * KIB


class Passing:
    """A request's body on its way through: never more of it here than one piece.

    What goes wrong on the client's side stays in `error`: the HTTP client that reads this turns
    every exception into one of its own.
    """

    def __init__(self, request: Request, bytes_max: int, receive_s: float) -> None:
        self._request = request
        self._bytes_max = bytes_max
        self._receive_s = receive_s
        self.error: Refusal | ClientGone | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._request.pieces(self._bytes_max, self._receive_s):
                yield piece
        except (Refusal, ClientGone) as error:
            self.error = error
            raise


class Spool:
    """An upload that was read whole and can be sent: small ones in memory, others on disk."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=SPOOL_BYTES_MAX)  # noqa: SIM115  see close
        self.size_bytes = 0

    async def take(
        self, request: Request, bytes_max: int, receive_s: float, reader: FormReader
    ) -> Body:
        """Read a form from the client; its fields as a body. Raises as `pieces`, and `BadBody`."""
        async for piece in request.pieces(bytes_max, receive_s):
            reader.feed(piece)
            self.size_bytes += len(piece)
            if self.size_bytes > SPOOL_BYTES_MAX:
                await asyncio.to_thread(self._file.write, piece)
            else:
                self._file.write(piece)
        form = reader.close()
        return Body(b"", form.fields, {}, form.files)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._file.seek(0)
        while piece := await asyncio.to_thread(self._file.read, PIECE_BYTES):
            yield piece

    def close(self) -> None:
        """Give back memory and disk."""
        self._file.close()
