"""What a client or an upstream writes into a value never becomes a header of its own."""

import pytest

from tests.proxy.stand import stand, terms
from tests.proxy.talk import OK, ask
from tests.proxy.upstreams import answering, http, upstream

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    "value", ["a%0d%0aX-Injected: 1", "a%0aX-Injected: 1", "a%00b", "%c2%85X-Injected"]
)
async def test_line_ends_hidden_in_a_name_are_refused(value):
    async with upstream(answering(OK)) as far, stand(terms(far.url)) as here:
        header = await here.client.post(CHAT, json=ask(), headers={"x-campaign-id": value})
        path = value.replace(" ", "%20")
        in_path = await here.client.post(f"/c/{path}{CHAT}", json=ask())
    for response in (header, in_path):
        assert response.status_code == 400
        assert "x-injected" not in response.headers
    assert not far.received


@pytest.mark.parametrize("byte", [b"\x00", b"\x0b", b"\r", b"\x7f"])
async def test_control_characters_in_a_raw_header_are_refused_or_dropped(byte):
    async with upstream(answering(OK)) as far, stand(terms(far.url)) as here:
        answer = await here.raw(
            b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Task: a" + byte + b"X-Injected: 1"
            b"\r\nConnection: close\r\n\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 400")
    assert not far.received


async def test_an_upstream_cannot_write_headers_of_ours():
    answer = http(200, b"{}", b"X-Purser-Cost-USD: 0.00", b"X-Purser-Refusal: no")
    async with upstream(answering(answer)) as far, stand(terms(far.url)) as here:
        response = await here.client.get("/v1/models")
    assert "x-purser-refusal" not in response.headers
    assert "x-purser-cost-usd" not in response.headers
