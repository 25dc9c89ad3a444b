"""A call with a JSON answer, from the client's request to the hold's one end."""

import asyncio
import gzip

import pytest

from budget.errors import Unavailable
from proxy.request import Request
from storage.records import Flag, Status
from tests.proxy.stand import Purse, spent, stand, terms
from tests.proxy.talk import CHARGE, OK, OK_STREAM, RATE_PER_TOKEN, USAGE, ask, completion
from tests.proxy.upstreams import Exchange, answering, closing, http, upstream

CHAT = "/v1/chat/completions"
CALLER = {"x-agent-type": "content", "x-campaign-id": "spring"}


@pytest.fixture
async def far():
    async with upstream(answering(OK)) as running:
        yield running


@pytest.fixture
async def here(far):
    async with stand(terms(far.url)) as running:
        yield running


async def ends_with(script, status, answer_status, **body):
    """Run one call against a script; the response, after checking its one end and status."""
    async with upstream(script) as far, stand(terms(far.url, target=quick(far.url))) as here:
        response = await here.client.post(CHAT, json=ask(**body))
        grant, outcome, receipt = await here.purse.one_end()
    assert outcome.status is status
    assert response.status_code == answer_status
    assert len(far.received) <= 1
    return response, grant, outcome, receipt


def quick(url):
    given = terms(url).target
    return type(given)(url, given.name, given.api_key, 1.0, 1.0, 0.3, 1.0)


@pytest.mark.parametrize(
    ("path", "model", "field"),
    [
        ("/v1/images/generations", "gpt-image-1", "service_tier"),
        ("/v1/images/generations", "gpt-image-1", "size"),
        ("/v1/videos", "sora-2", "size"),
    ],
)
async def test_a_list_where_a_word_belongs_is_no_fault_of_ours(here, path, model, field):
    asked = {"model": model, "prompt": "a cat", field: ["low"]}
    assert (await here.client.post(path, json=asked)).status_code in (200, 400)


async def test_no_dots_lead_from_a_free_path_to_a_paid_one(here, far):
    for path in (b"/v1/conversations/../chat/completions", b"/v1/conversations/%2e%2E/responses"):
        head = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n" % path
        answer = await here.raw(head + b"Connection: close\r\n\r\n{}")
        assert answer.startswith(b"HTTP/1.1 404 ")
    assert far.received == []


async def test_a_call_is_held_forwarded_settled_and_told(here, far):
    response = await here.client.post(CHAT, json=ask(), headers=CALLER)
    assert response.status_code == 200
    assert response.content == completion()
    charge = 12 * 40_000
    assert here.purse.posted == charge
    assert response.headers["x-request-id"] == "req_up"
    assert response.headers["x-purser-cost-usd"] == "0.00048"
    assert response.headers["x-purser-budget-remaining-usd"] == "99.99952"
    assert "x-purser-max-output-tokens" not in response.headers
    grant, outcome, _ = await here.purse.one_end()
    assert grant.facts.request_id == response.headers["x-purser-request-id"]
    assert grant.facts.caller.agent == "CONTENT"
    assert grant.facts.caller.campaign == "spring"
    assert grant.facts.endpoint == "chat/completions"
    assert outcome.status is Status.SETTLED
    assert outcome.http_status == 200
    assert outcome.served_model == "gpt-4o-mini-2024-07-18"
    assert grant.held.charge >= charge


async def test_the_body_goes_byte_for_byte(here, far):
    body = (
        b'{ "model" : "gpt-4o-mini",\n"max_tokens":5, '
        b'"messages":[{"role":"user","content":"\\u00e9"}]}'
    )
    response = await here.client.post(CHAT, content=body, headers={"x-agent-type": "SEO"})
    assert response.status_code == 200
    (request,) = far.received
    assert request.body == body
    assert request.values(b"authorization") == [b"Bearer upstream-key"]
    assert request.values(b"accept-encoding") == [b"identity"]
    assert not request.values(b"x-agent-type")


async def test_a_lowered_ceiling_is_written_in_and_told(far):
    async with stand(terms(far.url), Purse(ceiling=5000)) as here:
        body = ask()
        del body["max_tokens"]
        response = await here.client.post(CHAT, json=body)
    assert response.headers["x-purser-max-output-tokens"] == "5000"
    assert b'"max_completion_tokens":5000' in far.received[0].body


async def test_an_answer_that_ends_at_a_lowered_ceiling_is_flagged():
    cut = {"choices": [{"index": 0, "finish_reason": "length", "message": {"content": "x"}}]}
    async with (
        upstream(answering(http(200, completion(**cut)))) as far,
        stand(terms(far.url), Purse(ceiling=5000)) as here,
    ):
        body = ask()
        del body["max_tokens"]
        await here.client.post(CHAT, json=body)
        _, outcome, _ = await here.purse.one_end()
    assert Flag.LOWERED_CEILING_HIT in outcome.flags


async def test_a_refused_call_sends_nothing(far):
    async with stand(terms(far.url), Purse(limit=RATE_PER_TOKEN)) as here:
        response = await here.client.post(CHAT, json=ask())
    assert response.status_code == 429
    assert response.headers["x-purser-refusal"] == "budget_exceeded"
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["retry-after"] == "1000"
    assert response.json()["error"]["purser"]["rule"] == "monthly"
    assert "monthly" in response.json()["error"]["message"]
    assert not far.received
    assert not here.purse.ended


async def test_the_status_of_a_refusal_is_what_ops_chose(far):
    purse = Purse(refuse=spent(1, 1, 0, 1))
    async with stand(terms(far.url, spent_status=402), purse) as here:
        assert (await here.client.post(CHAT, json=ask())).status_code == 402


async def test_without_redis_nothing_leaves(far):
    purse = Purse(refuse=Unavailable("Redis is being rebuilt", 2))
    async with stand(terms(far.url), purse) as here:
        response = await here.client.post(CHAT, json=ask())
    assert response.status_code == 503
    assert response.headers["retry-after"] == "2"
    assert not far.received


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"model": "gpt-4o-mini", "model": "o1"}', "model"),
        (b'{"messages": []}', "model"),
        (b'{"model": 5}', "model"),
        (b'{"model": "gpt-4o-mini", "messages": [], "max_tokens": -1}', "max_tokens"),
        (b'{"model": "gpt-4o-mini", "messages": [], "max_tokens": 1e30}', "max_tokens"),
        (b'{"model": "gpt-4o-mini", "messages": [], "n": 0}', "n"),
        (b'{"model": "gpt-4o-mini", "messages": [], "n": 1000000}', "n"),
        (b'{"model": "gpt-4o-mini", "messages": [], "stream": "yes"}', "stream"),
    ],
)
async def test_a_bad_body_is_400_in_openais_shape_and_sends_nothing(here, far, body, param):
    response = await here.client.post(CHAT, content=body)
    assert response.status_code == 400
    found = response.json()["error"]
    assert found["type"] == "invalid_request_error"
    assert found["param"] == param
    assert not far.received
    assert not here.purse.open
    assert not here.purse.ended


async def test_a_model_without_a_price_is_refused_where_prices_are_charged(far):
    async with stand(terms(far.url, basis="provider_price")) as here:
        response = await here.client.post(CHAT, json=ask(model="house-model"))
        known = await here.client.post(CHAT, json=ask())
    assert response.status_code == 400
    found = response.json()["error"]
    assert found["code"] == "model_not_priced"
    assert "house-model" in found["message"]
    assert "prices" in found["message"]
    assert known.status_code == 200
    assert len(far.received) == 1


async def test_an_upstream_refusal_is_passed_on_and_costs_nothing():
    body = b'{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}'
    refusal = http(429, body, b"Retry-After: 7", b"X-Should-Retry: true")
    response, _, outcome, receipt = await ends_with(answering(refusal), Status.FAILED, 429)
    assert response.content == body
    assert response.headers["retry-after"] == "7"
    assert response.headers["x-purser-cost-usd"] == "0.00"
    assert receipt.amounts.charge == 0
    assert outcome.http_status == 429


async def test_a_redirect_is_passed_on_and_costs_nothing():
    redirect = http(308, b"", b"Location: https://elsewhere.example/")
    response, *_ = await ends_with(answering(redirect), Status.FAILED, 308)
    assert response.headers["location"] == "https://elsewhere.example/"


async def test_an_upstream_never_reached_voids_the_hold():
    async with stand(terms("http://127.0.0.1:9/v1")) as here:
        response = await here.client.post(CHAT, json=ask())
        _, outcome, receipt = await here.purse.one_end()
    assert response.status_code == 502
    assert outcome.status is Status.VOIDED
    assert receipt.amounts.charge == 0
    assert "x-should-retry" not in response.headers


async def _silence(exchange: Exchange) -> None:
    await exchange.left()


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (_silence, 504),
        (closing(b""), 502),
        (closing(b"garbage\r\n\r\n"), 502),
        (closing(http(200, completion())[:-10]), 502),
    ],
    ids=["silent", "closed", "garbage", "half an answer"],
)
async def test_without_a_complete_answer_the_hold_is_assumed(script, status):
    response, grant, _, receipt = await ends_with(script, Status.ASSUMED, status)
    assert receipt.amounts == grant.held
    assert response.headers["x-should-retry"] == "false"
    assert response.json()["error"]["purser"]["charged"] is True


async def test_a_success_without_usage_is_counted():
    script = answering(http(200, completion(usage=None)))
    _, grant, outcome, receipt = await ends_with(script, Status.SETTLED, 200)
    assert {Flag.ESTIMATED, Flag.NO_USAGE} <= outcome.flags
    assert outcome.usage.output_tokens == 3
    assert 0 < receipt.amounts.charge < grant.held.charge


async def test_a_success_that_is_not_json_is_charged_as_held():
    script = answering(http(200, b"<html>", content_type=b"text/html"))
    response, _, outcome, _ = await ends_with(script, Status.SETTLED, 200)
    assert response.text == "<html>"
    assert outcome.usage.output_tokens == ask()["max_tokens"]
    assert Flag.ESTIMATED in outcome.flags


async def test_a_stream_that_nobody_asked_for_is_metered_all_the_same():
    response, _, outcome, receipt = await ends_with(answering(OK_STREAM), Status.SETTLED, 200)
    assert receipt.amounts.charge == CHARGE
    assert outcome.usage.total_tokens == USAGE["total_tokens"]
    assert "data: [DONE]" in response.text


async def test_json_where_a_stream_was_asked_for_is_metered_all_the_same():
    response, _, _, receipt = await ends_with(answering(OK), Status.SETTLED, 200, stream=True)
    assert receipt.amounts.charge == CHARGE
    assert response.content == completion()


async def test_an_answer_that_is_compressed_anyway_is_read_and_passed_on_as_it_is():
    packed = gzip.compress(completion())
    script = answering(http(200, packed, b"Content-Encoding: gzip"))
    response, _, _, receipt = await ends_with(script, Status.SETTLED, 200)
    assert receipt.amounts.charge == CHARGE
    assert response.headers["content-encoding"] == "gzip"
    assert response.content == completion()


@pytest.mark.parametrize("sent", [False, True])
async def test_a_fault_of_our_own_ends_the_hold_too(far, monkeypatch, sent, caplog):
    def fail(*args, **more):
        raise ZeroDivisionError

    monkeypatch.setattr("proxy.exchange.read_answer" if sent else "proxy.call.spliced", fail)
    async with stand(terms(far.url)) as here:
        response = await here.client.post(CHAT, json=ask())
        _, outcome, _ = await here.purse.one_end()
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert outcome.status is (Status.ASSUMED if sent else Status.VOIDED)


async def test_a_cancelled_call_ends_its_hold(monkeypatch):
    """A server that shuts down cancels what is still running."""
    inside = asyncio.Event()
    tasks = []

    async def script(exchange: Exchange) -> None:
        inside.set()
        await exchange.left()

    read = Request.read

    async def noting(self, *args):
        tasks.append(asyncio.current_task())
        return await read(self, *args)

    monkeypatch.setattr(Request, "read", noting)
    async with upstream(script) as far, stand(terms(far.url)) as here:
        call = asyncio.create_task(here.client.post(CHAT, json=ask()))
        await inside.wait()
        tasks[0].cancel()
        _, outcome, _ = await here.purse.one_end()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    assert outcome.status is Status.ASSUMED


async def test_metadata_is_kept_only_sealed(here):
    await here.client.post(CHAT, json=ask(), headers={"x-purser-metadata": '{"user": "Ann"}'})
    grant, _, _ = await here.purse.one_end()
    assert grant.facts.caller.metadata == "sealed:" + b'{"user": "Ann"}'.hex()
