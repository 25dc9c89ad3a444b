"""A call with a streamed answer: passed on as it comes, settled before its end."""

import asyncio
import gzip

import pytest

from storage.records import Flag, Status
from tests.proxy.stand import stand, terms
from tests.proxy.talk import CHARGE, DONE, OK_STREAM, PARTS, STREAM, USAGE_PART, ask, streamed
from tests.proxy.upstreams import (
    STREAM_END,
    STREAM_HEAD,
    Exchange,
    answering,
    chunk,
    closing,
    event,
    http,
    upstream,
)

CHAT = "/v1/chat/completions"


async def read(script, headers=None, **body):
    """The body of one streamed call, its response and its one end."""
    async with upstream(script) as far, stand(terms(far.url)) as here:
        response = await here.client.post(CHAT, json=ask(stream=True, **body), headers=headers)
        end = await here.purse.one_end()
    return response, end, far


async def test_usage_is_asked_for_and_hidden_from_a_client_that_did_not_ask():
    response, (_, outcome, receipt), far = await read(answering(OK_STREAM))
    assert response.content == b"".join((*PARTS, DONE))
    assert response.headers["content-type"].startswith("text/event-stream")
    assert receipt.amounts.charge == CHARGE
    assert outcome.flags == frozenset()
    assert b'"stream_options":{"include_usage":true}' in far.received[0].body


async def test_a_client_that_asked_gets_usage_once_and_is_charged_the_same():
    response, (_, _, receipt), far = await read(
        answering(OK_STREAM), stream_options={"include_usage": True}
    )
    assert response.content == b"".join(STREAM)
    assert receipt.amounts.charge == CHARGE
    assert far.received[0].body.count(b"include_usage") == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
async def test_any_split_of_the_bytes_gives_the_same(ending):
    whole = b"".join(STREAM).replace(b"\n", ending.encode())

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD)
        for at in range(len(whole)):
            await exchange.send(chunk(whole[at : at + 1]))
        await exchange.send(STREAM_END)

    response, (_, _, receipt), _ = await read(script)
    assert response.content == b"".join((*PARTS, DONE)).replace(b"\n", ending.encode())
    assert receipt.amounts.charge == CHARGE


async def test_the_cost_is_told_before_done_to_a_client_that_wants_it():
    response, _, _ = await read(answering(OK_STREAM), {"x-purser-stream-cost": "comment"})
    comment = b": purser-cost-usd 0.00084\n\n"
    assert response.content == b"".join((*PARTS, comment, DONE))


async def test_the_call_is_settled_before_done_is_passed_on():
    posted = []

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + b"".join(chunk(data) for data in STREAM[:-1]))
        async with asyncio.timeout(60):
            while not purse.ended:
                await asyncio.sleep(0.005)
        posted.append(purse.posted)
        await exchange.send(chunk(DONE) + STREAM_END)

    async with upstream(script) as far, stand(terms(far.url)) as here:
        purse = here.purse
        response = await here.client.post(CHAT, json=ask(stream=True))
    assert posted == [CHARGE]
    assert response.content.endswith(DONE)


async def test_a_stream_without_usage_is_counted_and_flagged():
    response, (_, outcome, _), _ = await read(answering(streamed(*PARTS, DONE)))
    assert response.content == b"".join((*PARTS, DONE))
    assert outcome.status is Status.SETTLED
    assert {Flag.ESTIMATED, Flag.NO_USAGE} <= outcome.flags
    assert outcome.usage.output_tokens == 3


async def raw_stream(script):
    """The bytes that a client of its own connection gets, and the hold's end."""
    async with upstream(script) as far, stand(terms(far.url)) as here:
        body = b'{"model":"gpt-4o-mini","stream":true,"max_tokens":9,"messages":[]}'
        answer = await here.raw(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        return answer, await here.purse.one_end()


async def test_a_stream_cut_short_is_assumed_and_ends_uncleanly(caplog):
    cut = closing(STREAM_HEAD + b"".join(chunk(data) for data in PARTS[:2]))
    answer, (grant, outcome, receipt) = await raw_stream(cut)
    assert outcome.status is Status.ASSUMED
    assert receipt.amounts == grant.held
    assert b"there" in answer
    assert not answer.endswith(STREAM_END)
    assert not [r for r in caplog.records if r.name.startswith("uvicorn")], "cut on purpose"


async def test_a_stream_that_ends_without_its_last_event_is_cut_too():
    answer, (_, outcome, _) = await raw_stream(closing(streamed(*PARTS[:2])))
    assert outcome.status is Status.ASSUMED
    assert not answer.endswith(STREAM_END)


async def test_a_stream_cut_after_its_usage_is_charged_exactly():
    cut = closing(STREAM_HEAD + b"".join(chunk(data) for data in STREAM[:-1]))
    answer, (_, outcome, receipt) = await raw_stream(cut)
    assert outcome.status is Status.SETTLED
    assert receipt.amounts.charge == CHARGE
    assert not answer.endswith(STREAM_END)


async def test_an_error_instead_of_a_stream_is_passed_on_and_costs_nothing():
    response, (_, outcome, receipt), _ = await read(answering(http(400, b'{"error":{}}')))
    assert response.status_code == 400
    assert response.json() == {"error": {}}
    assert outcome.status is Status.FAILED
    assert receipt.amounts.charge == 0


async def test_a_stream_that_is_compressed_anyway_is_read_and_passed_on_as_it_is():
    packed = gzip.compress(b"".join(STREAM))
    head = STREAM_HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    whole = head + chunk(packed[:20]) + chunk(packed[20:]) + STREAM_END
    response, (_, _, receipt), _ = await read(answering(whole))
    assert receipt.amounts.charge == CHARGE
    assert response.content == b"".join(STREAM)


async def test_a_stream_of_an_unknown_coding_is_charged_as_held():
    head = STREAM_HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: x-own\r\n\r\n")
    whole = head + chunk(b"\x8b\x01\x80") + STREAM_END
    response, (grant, outcome, receipt), _ = await read(answering(whole))
    assert response.status_code == 200
    assert outcome.status is Status.ASSUMED
    assert receipt.amounts == grant.held


async def test_responses_end_with_their_own_event():
    def said(kind, **more):
        return b"event: " + kind.encode() + b"\n" + event({"type": kind} | more)

    usage = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    final = {"id": "resp_1", "model": "gpt-4o-mini", "usage": usage, "output": []}
    events = (
        said("response.created", response={"id": "resp_1"}),
        said("response.output_text.delta", delta="Hello"),
        said("response.completed", response=final),
    )
    async with upstream(answering(streamed(*events))) as far, stand(terms(far.url)) as here:
        body = {"model": "gpt-4o-mini", "input": "hi", "stream": True, "max_output_tokens": 20}
        response = await here.client.post("/v1/responses", json=body)
        _, outcome, receipt = await here.purse.one_end()
    assert response.content == b"".join(events)
    assert receipt.amounts.charge == CHARGE
    assert outcome.response_id == "resp_1"
    assert b"stream_options" not in far.received[0].body


async def test_a_usage_part_of_another_shape_is_not_swallowed():
    """Only the extra part is hidden: usage beside choices stays where it is."""
    beside = PARTS[2].replace(b'"choices"', b'"usage": null, "choices"')
    response, _, _ = await read(answering(streamed(*PARTS[:2], beside, USAGE_PART, DONE)))
    assert beside in response.content
    assert USAGE_PART not in response.content
