"""Reading from the upstream what Purser itself needs to know: job objects, and files of lines."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote

import orjson

from config.bounds import ANSWER_BYTES_MAX, BATCH_BYTES_MAX, BATCH_LINE_BYTES_MAX
from proxy.errors import HeaderList, Rubbish, UpstreamError
from proxy.forward import Answer, Target, Upstream

OUTPUT_BYTES_MAX: Final = 16 * BATCH_BYTES_MAX
"""Of one output file: what fifty thousand long answers come to."""
FOUND: Final = 200
GONE: Final = frozenset({404, 410})


class NotFound(UpstreamError):
    """The upstream answered, but not with what was asked for."""

    def __init__(self, status: int, body: bytes, headers: HeaderList) -> None:
        super().__init__(f"the upstream answered {status}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def gone(self) -> bool:
        """What was asked for is not there, and will not be."""
        return self.status in GONE


class Fetch:
    """Reads with one set of credentials: Purser's own, or those of the client who asked."""

    def __init__(self, upstream: Upstream, target: Target, headers: HeaderList) -> None:
        self._upstream = upstream
        self._target = target
        self._headers = headers

    async def json(self, *path: str, query: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """An object and its bytes; raises `UpstreamError`, `NotFound` for what is no success."""
        answer = await self._ask(path, query)
        try:
            raw = await answer.read(ANSWER_BYTES_MAX)
        finally:
            await answer.aclose()
        try:
            decoded = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Rubbish("an answer that is not JSON") from error
        if not isinstance(decoded, dict):
            raise Rubbish("an answer that is not an object")
        return decoded, raw

    async def lines(self, file_id: str, bytes_max: int) -> AsyncIterator[bytes]:
        """The lines of a file, blank ones too, without their ends; raises as `json` does."""
        answer = await self._ask(("files", file_id, "content"), b"")
        size, rest = 0, b""
        try:
            async for chunk in answer.chunks():
                size += len(chunk)
                *whole, rest = (rest + chunk).split(b"\n")
                if size > bytes_max or len(rest) > BATCH_LINE_BYTES_MAX:
                    raise Rubbish(f"the file {file_id} is larger than what is read of one")
                for line in whole:
                    yield line
        finally:
            await answer.aclose()
        if rest:
            yield rest

    async def _ask(self, path: tuple[str, ...], query: bytes) -> Answer:
        raw = "".join("/" + quote(part, safe="") for part in path).encode()
        if query:
            raw += b"?" + query
        answer = await self._upstream.send(self._target, "GET", raw, self._headers, b"")
        if answer.status == FOUND:
            return answer
        try:
            raise NotFound(answer.status, await answer.read(ANSWER_BYTES_MAX), answer.headers)
        finally:
            await answer.aclose()
