"""Answers arrive small where the browser takes that, and as they are everywhere else."""

import gzip
from typing import Any

import brotli
import pytest

from dashboard.compress import LARGE_BYTES, SMALL_BYTES, Compressed
from dashboard.http import answer


async def asked(body: bytes, accepts: str, method: str = "GET", **more: bytes) -> tuple[Any, bytes]:
    """The headers and the body of an answer of `body`."""
    sent: list[Any] = []
    headers = [(name.replace("_", "-").encode(), value) for name, value in more.items()]

    async def inside(scope: Any, _receive: Any, send: Any) -> None:
        await answer(scope, send, 200, headers, body)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": [(b"accept-encoding", accepts.encode())]}
    await Compressed(inside)(scope, receive, send)
    return dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])


@pytest.mark.parametrize("size", [SMALL_BYTES + 1, LARGE_BYTES + 1])
@pytest.mark.parametrize(
    ("accepts", "coding", "plain"),
    [("gzip, br", b"br", brotli.decompress), ("gzip", b"gzip", gzip.decompress)],
)
async def test_a_large_answer_is_compressed(
    size: int, accepts: str, coding: bytes, plain: Any
) -> None:
    headers, body = await asked(b"a" * size, accepts)
    assert headers[b"content-encoding"] == coding
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"vary"] == b"accept-encoding"
    assert len(body) < size / 5
    assert plain(body) == b"a" * size


async def test_what_need_not_or_must_not_be_compressed_passes() -> None:
    large, small = b"a" * 5000, b"a" * SMALL_BYTES
    assert (await asked(small, "br"))[1] == small
    assert (await asked(large, "identity"))[1] == large
    assert (await asked(large, "br", content_encoding=b"br"))[1] == large
    headers, body = await asked(large, "br", "HEAD")
    assert (headers[b"content-length"], body) == (b"5000", b"")
