"""A large answer goes compressed to who takes that, a small one as it is."""

from typing import Any

import brotli
import pytest

from dashboard.compress import SMALL_BYTES, compressing


async def sent(body: bytes, accepts: bytes) -> tuple[dict[bytes, bytes], bytes]:
    got: list[Any] = []

    async def send(message: Any) -> None:
        got.append(message)

    out = compressing({"headers": [(b"accept-encoding", accepts)]}, send)
    length = (b"Content-Length", str(len(body)).encode())
    await out({"type": "http.response.start", "status": 200, "headers": [length]})
    await out({"type": "http.response.body", "body": body[:10], "more_body": True})
    await out({"type": "http.response.body", "body": body[10:]})
    headers = {name.lower(): value for name, value in got[0]["headers"]}
    return headers, b"".join(message["body"] for message in got[1:])


@pytest.mark.parametrize("accepts", [b"gzip, deflate, br", b"gzip"])
async def test_a_large_answer_is_small_on_the_wire(accepts: bytes) -> None:
    body = b'{"props":{"children":"Budget left"}}' * 1000
    headers, wire = await sent(body, accepts)
    assert int(headers[b"content-length"]) == len(wire)
    if b"br" in accepts:
        assert headers[b"content-encoding"] == b"br"
        assert len(wire) < len(body) // 10
        assert brotli.decompress(wire) == body
    else:
        assert wire == body


async def test_a_small_answer_goes_as_it_is() -> None:
    body = b"{}" * (SMALL_BYTES // 4)
    headers, wire = await sent(body, b"br")
    assert b"content-encoding" not in headers
    assert wire == body
