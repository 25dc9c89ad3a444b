"""Without keys, Purser serves programs of this machine alone: no page of a browser, no proxy."""

import pytest

from proxy.local import is_loopback
from tests.proxy.stand import stand, terms
from tests.proxy.upstreams import answering, http, upstream


@pytest.fixture
async def far():
    async with upstream(answering(http(200, b"{}"))) as running:
        yield running


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example:8080"},
        {"host": "10.0.0.5"},
        {"host": "localhost.example"},
        {"x-forwarded-for": "10.0.0.5"},
        {"x-forwarded-host": "localhost"},
        {"forwarded": "for=10.0.0.5"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
    ],
    ids=str,
)
async def test_what_is_not_certainly_local_needs_a_key(far, headers):
    async with stand(terms(far.url)) as here:
        response = await here.client.get("/v1/models", headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert "auth.proxy" in response.json()["error"]["message"]
    assert not far.received


async def test_a_local_program_needs_none(far):
    async with stand(terms(far.url)) as here:
        origin = {"origin": f"http://127.0.0.1:{here.port}"}
        assert (await here.client.get("/v1/models", headers=origin)).status_code == 200
        local = {"host": f"localhost:{here.port}"}
        assert (await here.client.get("/v1/models", headers=local)).status_code == 200


async def test_a_deployment_that_is_not_open_asks_everybody_for_a_key(far):
    async with stand(terms(far.url, open_to_loopback=False)) as here:
        response = await here.client.get("/v1/models", headers={"authorization": "Bearer x"})
    assert response.status_code == 401
    assert not far.received


@pytest.mark.parametrize("name", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback_in_all_its_spellings(name):
    assert is_loopback(name)


@pytest.mark.parametrize("name", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.evil", "127.1.evil"])
def test_what_only_looks_like_loopback(name):
    assert not is_loopback(name)
