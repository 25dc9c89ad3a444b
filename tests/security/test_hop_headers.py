"""Headers that concern one connection stay on it, also where `Connection` names them."""

from tests.proxy.stand import stand, terms
from tests.proxy.talk import ask, completion
from tests.proxy.upstreams import answering, http, upstream

CHAT = "/v1/chat/completions"


async def test_the_clients_connection_is_its_own():
    headers = {
        "connection": "keep-alive, x-secret-hop",
        "x-secret-hop": "1",
        "te": "trailers",
        "proxy-authorization": "Basic cHc=",
        "keep-alive": "timeout=100",
    }
    async with (
        upstream(answering(http(200, completion()))) as far,
        stand(terms(far.url)) as here,
    ):
        await here.client.post(CHAT, json=ask(), headers=headers)
    names = {name.lower() for name, _ in far.received[0].headers}
    assert not names & {name.encode() for name in headers}


async def test_authorization_cannot_be_dropped_by_naming_it():
    headers = {"connection": "authorization, content-length, host"}
    async with (
        upstream(answering(http(200, completion()))) as far,
        stand(terms(far.url)) as here,
    ):
        response = await here.client.post(CHAT, json=ask(), headers=headers)
    assert response.status_code == 200
    assert far.received[0].values(b"authorization") == [b"Bearer upstream-key"]


async def test_the_upstreams_connection_is_its_own():
    answer = http(
        200, completion(), b"Connection: x-hop", b"X-Hop: 1", b"Keep-Alive: timeout=1",
        b"Proxy-Authenticate: Basic", b"Set-Cookie: a=b", b"Alt-Svc: h3",
        b"Strict-Transport-Security: max-age=9",
    )  # fmt: skip
    async with upstream(answering(answer)) as far, stand(terms(far.url)) as here:
        response = await here.client.post(CHAT, json=ask())
    assert not set(response.headers) & {
        "x-hop", "keep-alive", "proxy-authenticate", "set-cookie", "alt-svc",
        "strict-transport-security",
    }  # fmt: skip
