"""Two readings of where a body ends are never both possible: no second request hides in a first."""

import pytest

from proxy.errors import Refusal
from proxy.guard import check_framing
from tests.proxy.stand import stand, terms
from tests.proxy.upstreams import answering, http, upstream

HIDDEN = b"GET /v1/models/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\n"

ATTACKS = {
    "length and chunked": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a list of lengths": b"Content-Length: 0, 5\r\n\r\n",
    "a signed length": b"Content-Length: +0\r\n\r\n",
    "a coding nobody knows": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "space before the colon": b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a bare line feed": b"Content-Length: 5\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size out of range": b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
async def test_the_hidden_request_is_not_served(attack):
    async with (
        upstream(answering(http(200, b"{}"))) as far,
        stand(terms(far.url)) as here,
    ):
        closing = HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        answer = await here.raw(HEAD + attack + closing)
        assert answer.startswith(b"HTTP/1.1 4") or answer == b""
        hidden = [request for request in far.received if b"hidden" in request.target]
    assert not hidden, answer


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"content-length", b"1")],
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"\xb2")],
        [(b"transfer-encoding", b"gzip, chunked")],
    ],
)
def test_a_server_that_lets_it_through_is_not_relied_on(headers):
    with pytest.raises(Refusal) as caught:
        check_framing(headers, 100)
    assert caught.value.status == 400
