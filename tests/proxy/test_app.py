"""What a client sees of the proxy itself: pages, refusals, free calls."""

import asyncio

import pytest

from config.bounds import HEADER_BYTES_MAX
from config.rules import Dimension
from proxy.health import Readiness
from tests.proxy.stand import Purse, stand, terms
from tests.proxy.upstreams import Exchange, answering, closing, http, upstream


def error(response):
    assert response.headers["content-type"] == "application/json"
    found = response.json()["error"]
    assert set(found) >= {"message", "type", "param", "code"}
    return found


async def test_a_free_call_passes_through_without_a_hold(here, far):
    response = await here.client.get("/v1/models?limit=2", headers={"x-agent-type": "seo"})
    assert response.status_code == 200
    assert response.json() == {}
    assert response.headers["x-purser-upstream"] == "test-upstream"
    assert len(response.headers["x-purser-request-id"]) == 36
    (request,) = far.received
    assert request.target == b"/v1/models?limit=2"
    assert request.values(b"authorization") == [b"Bearer upstream-key"]
    assert not here.purse.ended
    assert not here.purse.open


async def test_the_path_form_is_taken_off_before_forwarding(here, far):
    response = await here.client.get("/a/SEO/c/spring/v1/models/gpt-4o")
    assert response.status_code == 200
    assert far.received[0].target == b"/v1/models/gpt-4o"


async def test_upstream_errors_of_free_calls_are_passed_on():
    async with (
        upstream(answering(http(404, b'{"error":{}}', b"X-Request-Id: up"))) as far,
        stand(terms(far.url)) as here,
    ):
        response = await here.client.get("/v1/models/nothing")
    assert response.status_code == 404
    assert response.headers["x-request-id"] == "up"


async def test_a_free_call_without_an_upstream_says_so():
    async with stand(terms("http://127.0.0.1:9/v1")) as here:
        response = await here.client.get("/v1/models")
    assert response.status_code == 502
    assert error(response)["code"] == "upstream_unreachable"


@pytest.mark.parametrize("path", ["/v1/nothing", "/", "/v1", "/v2/models", "/a/SEO", "/v1/x/../y"])
async def test_unknown_paths_are_404_in_openais_shape(here, far, path):
    answer = await here.raw(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 404")
    assert b'"code":"unknown_url"' in answer
    assert not far.received


async def test_a_wrong_method_is_405_and_told_which_are_right(here):
    response = await here.client.delete("/v1/models")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    assert "GET" in error(response)["message"]
    assert (await here.client.post("/healthz")).status_code == 405


async def test_an_endpoint_that_cannot_be_bounded_is_refused_while_a_budget_applies(here, far):
    response = await here.client.post("/v1/fine_tuning/jobs", json={})
    assert response.status_code == 403
    assert error(response)["purser"]["reason"] == "endpoint_not_bounded"
    assert response.headers["x-should-retry"] == "false"
    assert not far.received


async def test_without_any_budget_it_is_forwarded(far):
    async with stand(terms(far.url), Purse(budgeted=False)) as here:
        response = await here.client.post("/v1/fine_tuning/jobs", json={"a": 1})
    assert response.status_code == 200
    assert far.received[0].body == b'{"a":1}'


async def test_ops_may_list_a_path_as_free_but_never_a_metered_one(far):
    free = ("/v1/fine_tuning/jobs", "/v1/new/{thing}", "/v1/chat/completions")
    async with stand(terms(far.url, free_paths=free)) as here:
        assert (await here.client.post("/v1/fine_tuning/jobs", json={})).status_code == 200
        assert (await here.client.get("/v1/new/x")).status_code == 200
        assert (await here.client.post("/v1/chat/completions", json={})).status_code == 400


@pytest.mark.parametrize("header", ["X-Agent-Type", "X-Campaign-Id"])
async def test_required_headers_are_named(far, header):
    need = frozenset({Dimension.AGENT, Dimension.CAMPAIGN})
    async with stand(terms(far.url, require=need)) as here:
        response = await here.client.get("/v1/models")
    assert response.status_code == 400
    assert header in error(response)["message"]


async def test_health_says_up(here):
    response = await here.client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


async def test_readiness_tells_generation_and_reasons(here):
    assert (await here.client.get("/readyz")).json() == {
        "status": "ok",
        "generation": "1",
        "reasons": [],
    }
    here.readiness = Readiness(True, "1", ("the configuration file is not valid",))
    response = await here.client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    here.readiness = Readiness(False, "1", ("Redis is being rebuilt",))
    response = await here.client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["Redis is being rebuilt"]


async def test_metrics_count_calls_and_refusals(here):
    await here.client.get("/v1/models")
    await here.client.get("/v1/nothing")
    text = (await here.client.get("/metrics")).text
    assert 'purser_calls_total{endpoint="models",outcome="free"} 1.0' in text
    assert 'purser_refusals_total{reason="unknown_url"} 1.0' in text


async def test_metrics_are_for_local_programs(here):
    response = await here.client.get("/metrics", headers={"x-forwarded-for": "10.1.2.3"})
    assert response.status_code == 401


async def test_a_body_above_the_bound_is_413(here, far):
    response = await here.client.post("/v1/chat/completions", content=b"x" * (10**6 + 1))
    assert response.status_code == 413
    assert "1,000,000" in error(response)["message"]

    async def pieces():
        for _ in range(11):
            yield b"x" * 10**5

    response = await here.client.post("/v1/chat/completions", content=pieces())
    assert response.status_code == 413
    assert not far.received


async def test_a_compressed_body_is_415(here):
    response = await here.client.post(
        "/v1/chat/completions", content=b"x", headers={"content-encoding": "gzip"}
    )
    assert response.status_code == 415
    error(response)


async def test_a_body_that_comes_too_slowly_is_408(far):
    async with stand(terms(far.url, receive_s=0.2)) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{"
        )
        async with asyncio.timeout(60):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in head


async def test_headers_above_the_bound_are_431(here):
    response = await here.client.get(
        "/v1/models", headers={"x-large": "x" * (HEADER_BYTES_MAX + 1)}
    )
    assert response.status_code == 431
    error(response)
    many = [(f"x-{n}", "1") for n in range(200)]
    assert (await here.client.get("/v1/models", headers=many)).status_code == 431


async def test_more_requests_than_are_taken_get_503():
    inside, release = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        inside.set()
        await release.wait()
        await exchange.send(http(200, b"{}"))

    async with upstream(script) as far, stand(terms(far.url, in_flight_max=1)) as here:
        first = asyncio.create_task(here.client.get("/v1/models"))
        await inside.wait()
        second = await here.client.get("/v1/models")
        release.set()
        assert (await first).status_code == 200
        third = await here.client.get("/v1/models")
    assert second.status_code == 503
    assert second.headers["retry-after"] == "1"
    assert error(second)["code"] == "too_many_in_flight"
    assert third.status_code == 200, "the place is given back"


async def test_a_cut_free_answer_ends_uncleanly():
    cut = closing(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
    async with upstream(cut) as far, stand(terms(far.url)) as here:
        answer = await here.raw(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n123")


async def test_new_terms_bind_the_next_call(here, far):
    async with upstream(answering(http(200, b'"other"'))) as other:
        here.terms = terms(other.url)
        assert (await here.client.get("/v1/models")).json() == "other"
    assert not far.received
