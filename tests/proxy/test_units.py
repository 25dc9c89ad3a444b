"""Calls that draw, speak, listen or film, and calls of a fixed cost, from request to charge."""

import asyncio
import json

import httpx
import pytest

from storage.records import Flag, Status, Usage
from tests.proxy.stand import Purse, stand, terms
from tests.proxy.unit_talk import HEARD_USAGE, IMAGE_USAGE, SPOKEN_USAGE, form, wav
from tests.proxy.upstreams import (
    STREAM_END,
    STREAM_HEAD,
    Exchange,
    answering,
    chunk,
    event,
    http,
    upstream,
)

DRAW = {"model": "gpt-image-1", "prompt": "a cat"}
SAY = {"model": "gpt-4o-mini-tts", "input": "hello " * 20, "voice": "alloy"}
NO_TEXT = {"text": "", "usage": {"type": "duration", "seconds": 1}}


async def call(answer: bytes, path: str, purse: Purse | None = None, **given):
    """One call; its response, and the one end of its hold."""
    changes = {name: given.pop(name) for name in ("basis", "assumed_nano") if name in given}
    async with (
        upstream(answering(answer)) as far,
        stand(terms(far.url, **changes), purse) as here,
    ):
        response = await here.client.post(path, **given)
        return response, *await here.purse.one_end()


async def test_an_image_is_settled_before_its_answer_goes_on():
    answer = json.dumps({"data": [{"b64_json": "QUJD"}], "usage": IMAGE_USAGE}).encode()
    response, grant, outcome, receipt = await call(
        http(200, answer), "/v1/images/generations", json=DRAW
    )
    assert response.content == answer
    assert response.headers["x-purser-cost-usd"] == "0.02254"
    assert outcome.usage == Usage(50, 272, image_input_tokens=40, image_output_tokens=272)
    assert receipt.amounts.charge == 322 * 70_000 <= grant.held.charge
    assert receipt.amounts.provider == 10 * 5_000 + 40 * 10_000 + 272 * 40_000


async def test_several_streamed_images_are_added_up():
    one = {"type": "image_generation.completed", "usage": IMAGE_USAGE}
    events = [
        {"type": "image_generation.partial_image", "b64_json": "Q" * 100_000},
        one,
        one,
    ]
    stream = STREAM_HEAD + b"".join(chunk(event(e)) for e in events) + STREAM_END
    response, _, outcome, _ = await call(
        stream, "/v1/images/generations", json=DRAW | {"n": 2, "stream": True}
    )
    assert response.content == b"".join(map(event, events))
    assert outcome.status is Status.SETTLED
    assert outcome.usage.output_tokens == 544
    assert not outcome.flags


async def test_a_stream_with_fewer_images_than_asked_for_costs_those_that_came():
    one = {"type": "image_generation.completed", "usage": IMAGE_USAGE}
    stream = STREAM_HEAD + chunk(event(one)) + STREAM_END
    _, _, outcome, _ = await call(
        stream, "/v1/images/generations", json=DRAW | {"n": 3, "stream": True}
    )
    assert outcome.usage.output_tokens == 272


async def test_speech_as_audio_is_charged_by_what_was_heard():
    sound = wav(3, 24_000)
    response, grant, outcome, _ = await call(
        http(200, sound, content_type=b"audio/wav"), "/v1/audio/speech",
        json=SAY | {"response_format": "wav"},
    )  # fmt: skip
    assert response.content == sound
    assert outcome.usage.output_tokens == outcome.usage.audio_output_tokens == 84
    assert outcome.flags == {Flag.ESTIMATED, Flag.NO_USAGE}
    assert grant.held.charge >= outcome.usage.total_tokens * 70_000


async def test_speech_as_events_is_charged_by_its_usage():
    done = event({"type": "speech.audio.done", "usage": SPOKEN_USAGE})
    _, _, outcome, _ = await call(
        STREAM_HEAD + chunk(done) + STREAM_END, "/v1/audio/speech",
        json=SAY | {"stream_format": "sse"},
    )  # fmt: skip
    assert outcome.usage == Usage(14, 101, audio_output_tokens=101)
    assert not outcome.flags


async def test_audio_is_passed_on_as_it_comes_and_a_client_that_leaves_pays_for_all_of_it():
    left = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunk(b"\0" * 1_000)
        )
        await exchange.left()
        left.set()

    async with upstream(script) as far, stand(terms(far.url)) as here:
        async with here.client.stream(
            "POST", "/v1/audio/speech", json=SAY | {"model": "tts-1"}
        ) as response:
            async for piece in response.aiter_raw():
                assert piece == b"\0" * 1_000
                break
        async with asyncio.timeout(60):
            await left.wait()
        _, outcome, receipt = await here.purse.one_end()
    assert outcome.flags == {Flag.CLIENT_GONE, Flag.ESTIMATED}
    assert receipt.amounts.charge == 120 * 15_000


async def test_audio_that_breaks_off_is_charged_as_held():
    async def script(exchange: Exchange) -> None:
        await exchange.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 99\r\n\r\n\0\0"
        )
        exchange.writer.close()

    async with upstream(script) as far, stand(terms(far.url)) as here:
        with pytest.raises(httpx.RemoteProtocolError):
            await here.client.post("/v1/audio/speech", json=SAY)
        grant, outcome, receipt = await here.purse.one_end()
    assert outcome.status is Status.ASSUMED
    assert receipt.amounts == grant.held


async def test_a_transcription_in_tokens():
    answer = json.dumps({"text": "hi", "usage": HEARD_USAGE}).encode()
    _, grant, outcome, receipt = await call(
        http(200, answer), "/v1/audio/transcriptions",
        **form([("file", wav(1))], model="gpt-4o-transcribe", prompt="names: Ümit"),
    )  # fmt: skip
    assert outcome.usage == Usage(14, 45, audio_input_tokens=10)
    assert receipt.amounts.charge <= grant.held.charge


@pytest.mark.parametrize("response_format", ["text", "srt", "vtt"])
async def test_a_transcription_that_tells_nothing_is_charged_by_the_length_of_its_file(
    response_format: str,
):
    _, _, outcome, receipt = await call(
        http(200, b"hello\n", content_type=b"text/plain"), "/v1/audio/transcriptions",
        **form([("file", wav(59.9))], model="whisper-1", response_format=response_format),
    )  # fmt: skip
    assert outcome.usage == Usage(audio_seconds=60)
    assert outcome.flags == {Flag.ESTIMATED, Flag.NO_USAGE}
    assert receipt.amounts.charge == 60 * 100_000


async def test_a_streamed_transcription_without_usage_is_counted():
    stream = (
        STREAM_HEAD
        + chunk(event({"type": "transcript.text.delta", "delta": "hello there"}))
        + chunk(event({"type": "transcript.text.done", "text": "hello there"}))
        + STREAM_END
    )
    _, _, outcome, _ = await call(
        stream, "/v1/audio/transcriptions",
        **form([("file", wav(2))], model="gpt-4o-transcribe", stream="true"),
    )  # fmt: skip
    assert outcome.usage.output_tokens == 2
    assert outcome.usage.audio_input_tokens == outcome.usage.input_tokens == 30
    assert outcome.flags == {Flag.ESTIMATED, Flag.NO_USAGE}


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/images/generations", {"prompt": "a cat"}, "model"),
        ("/v1/images/generations", DRAW | {"model": "dall-e-3"}, "model"),
        ("/v1/images/generations", DRAW | {"quality": "max"}, "quality"),
        ("/v1/audio/speech", SAY | {"model": "unknown-tts"}, "model"),
        ("/v1/audio/transcriptions", {"model": "whisper-1"}, "file"),
        ("/v1/videos", {"prompt": "x", "seconds": "1000"}, "seconds"),
        ("/v1/responses/compact", {"model": "unknown", "input": "x"}, "model"),
    ],
)
@pytest.mark.parametrize("basis", ["agent_rate", "provider_price"])
async def test_what_cannot_be_bounded_is_refused_with_the_field(path, body, param, basis):
    async with (
        upstream(answering(http(200, b"{}"))) as far,
        stand(terms(far.url, basis=basis)) as here,
    ):
        response = await here.client.post(path, json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert far.received == []
    assert not here.purse.ended


ASSUMED = {"/v1/containers": 30_000_000, "/v1/agents/{rest*}": 5}


async def test_a_fixed_cost_is_held_and_charged_in_both_moneys():
    response, grant, outcome, receipt = await call(
        http(200, b'{"id": "c1"}'), "/v1/containers", json={"name": "x"}, assumed_nano=ASSUMED
    )
    assert response.json() == {"id": "c1"}
    assert response.headers["x-purser-cost-usd"] == "0.03"
    assert grant.held == receipt.amounts
    assert (receipt.amounts.charge, receipt.amounts.provider) == (30_000_000, 30_000_000)
    assert outcome.flags == {Flag.ASSUMED_PRICE}
    assert grant.facts.endpoint == "containers"


async def test_a_fixed_cost_of_a_refused_call_is_given_back():
    response, _, outcome, receipt = await call(
        http(400, b'{"error": {}}'), "/v1/agents/a1/runs", content=b"", assumed_nano=ASSUMED
    )
    assert response.status_code == 400
    assert outcome.status is Status.FAILED
    assert receipt.amounts.charge == 0


async def test_a_fixed_cost_changes_nothing_for_what_is_metered_or_free():
    fixed = {"/v1/models": 5, "/v1/embeddings": 5}
    answer = http(200, b'{"usage": {"prompt_tokens": 3, "total_tokens": 3}}')
    async with (
        upstream(answering(answer)) as far,
        stand(terms(far.url, assumed_nano=fixed)) as here,
    ):
        await here.client.get("/v1/models")
        assert not here.purse.ended
        body = {"model": "text-embedding-3-small", "input": "a b c"}
        await here.client.post("/v1/embeddings", json=body)
        _, outcome, receipt = await here.purse.one_end()
    assert receipt.amounts.charge == 3 * 70_000
    assert not outcome.flags


async def test_a_search_in_a_vector_store_costs_its_fee():
    _, grant, outcome, receipt = await call(
        http(200, b'{"data": []}'), "/v1/vector_stores/vs_1/search", json={"query": "x"}
    )
    assert receipt.amounts.charge == receipt.amounts.provider == 2_500_000
    assert outcome.usage == Usage(file_searches=1)
    assert grant.facts.endpoint == "vector_stores/{id}/search"


async def test_a_spent_budget_refuses_a_form_before_it_is_sent():
    purse = Purse(limit=10)
    async with upstream(answering(http(200, b"{}"))) as far, stand(terms(far.url), purse) as here:
        response = await here.client.post(
            "/v1/audio/transcriptions", **form([("file", wav(9))], model="whisper-1")
        )
    assert response.status_code == 429
    assert response.headers["x-purser-refusal"] == "budget_exceeded"
    assert far.received == []
