"""Whatever an upstream answers reaches the client unchanged: status, body, and every header that
is not hop-by-hop, but for what Purser hides and adds. (Header names come in lower case: uvicorn
writes them so, and they are the same in any case.)"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any

from proxy.endpoints import ENDPOINTS, Endpoint, Kind, Shape
from tests.proxy.stand import Stand, stand, terms
from tests.proxy.unit_talk import path_of, request_for
from tests.proxy.upstreams import STREAM_END, Exchange, RawUpstream, chunk, event, upstream

HEADERS = [
    (b"X-Request-ID", b"req_0123"),
    (b"openai-processing-ms", b"41"),
    (b"OpenAI-Version", b"2020-10-01"),
    (b"x-ratelimit-limit-requests", b"10000"),
    (b"X-Twice", b"one"),
    (b"X-Twice", b"two"),
    (b"x-latin", b"caf\xc3\xa9"),
    (b"Content-Disposition", b'attachment; filename="a b.bin"'),
    (b"ETag", b'W/"abc"'),
]
HIDDEN = [
    (b"Set-Cookie", b"__cf_bm=secret; path=/"),
    (b"Strict-Transport-Security", b"max-age=1"),
    (b"alt-svc", b'h3=":443"'),
    (b"NEL", b"{}"),
    (b"Report-To", b"{}"),
    (b"X-Purser-Cost-USD", b"0.00"),
    (b"Keep-Alive", b"timeout=5"),
]
ODD_JSON = (
    b'{ "id":"x1",\n "model": "gpt-4o-2024-08-06","note":"\\u00e9 \xc3\xa9", "usage": null }\n'
)
BINARY = bytes(range(256)) * 300


def answer(status: int, body: bytes, content_type: bytes) -> bytes:
    head = [b"HTTP/1.1 %d Reason" % status, b"Content-Type: " + content_type]
    head += [name + b": " + value for name, value in (*HEADERS, *HIDDEN)]
    head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


ROWS = [
    row
    for row in ENDPOINTS
    if row.shape is not Shape.REALTIME and (row.method, row.path) != ("POST", "/v1/batches")
]
"""Not those that are no plain call: a WebSocket, and a batch, whose input file is read first."""
CALLS = (Kind.FREE, Kind.METERED, Kind.LATE)


def cases() -> Iterator[tuple[Endpoint, int, bytes, bytes]]:
    for row in ROWS:
        yield row, 200, ODD_JSON, b"application/json"
        yield row, 418, b'{"error": {"message":  "odd"}}', b"application/json; charset=utf-8"
        if row.shape is Shape.SPEECH or row.path.endswith("/content"):
            yield row, 200, BINARY, b"audio/mpeg"
        if row.shape is Shape.TRANSCRIPTION:
            yield row, 200, b"1\n00:00:00,000 --> 00:00:01,000\nhi\n", b"text/plain; charset=utf-8"


@asynccontextmanager
async def between(far: Iterator[bytes]) -> AsyncIterator[tuple[RawUpstream, Stand]]:
    """A proxy in front of an upstream that gives these answers, one after the other."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(next(far))

    async with upstream(script) as running, stand(terms(running.url)) as here:
        yield running, here


async def test_every_answer_of_every_endpoint_comes_through_unchanged() -> None:
    given = list(cases())
    async with between(iter([answer(*case[1:]) for case in given])) as (_, here):
        for row, status, body, content_type in given:
            here.purse.budgeted = row.kind in CALLS
            call = here.client.stream(row.method, path_of(row), **request_for(row))
            async with call as response:
                received = b"".join([piece async for piece in response.aiter_raw()])
            assert response.status_code == status, row
            assert received == body, row
            assert shown(response.headers.raw) == sent_headers(content_type), row
            assert response.headers.get("content-length") == str(len(body)), row
            assert response.headers["x-purser-upstream"] == "test-upstream"
            assert len(response.headers.get_list("x-purser-cost-usd")) <= 1
        assert not here.purse.open
    assert len(given) > 200


def sent_headers(content_type: bytes) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in [(b"Content-Type", content_type), *HEADERS]]


def shown(raw: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without our own headers, and those that say how this connection is framed."""
    ours = (b"x-purser-", b"content-length", b"transfer-encoding", b"connection")
    return [(name, value) for name, value in raw if not name.lower().startswith(ours)]


STREAMS = {
    Shape.CHAT: [{"choices": [], "usage": None}, "[DONE]"],
    Shape.RESPONSES: [{"type": "response.completed", "response": {"id": "r"}}],
    Shape.COMPLETIONS: [{"choices": [{"text": "a"}]}, "[DONE]"],
    Shape.IMAGES: [
        {"type": "image_edit.partial_image", "b64_json": "QUJD" * 5_000},
        {"type": "image_edit.completed", "b64_json": "QUJD"},
        "[DONE]",
    ],
    Shape.SPEECH: [{"type": "speech.audio.delta", "audio": "QQ"}, {"type": "speech.audio.done"}],
    Shape.TRANSCRIPTION: [
        {"type": "transcript.text.delta", "delta": "hi"},
        {"type": "transcript.text.done", "text": "hi"},
        "[DONE]",
    ],
}
"""As upstreams send them; usage is missing on purpose: a stream is not to be changed for that."""


async def test_every_stream_of_every_endpoint_comes_through_unchanged() -> None:
    rows = [row for row in ROWS if row.shape in STREAMS and row.kind is Kind.METERED]
    given = [[b": a comment\r\n\r\n", b"id: 7\nretry: 10\n\n"] for _ in rows]
    for row, events in zip(rows, given, strict=True):
        events += [event(data) for data in STREAMS[row.shape]]
    head = [b"HTTP/1.1 200 OK", b"Content-Type: text/event-stream", b"Transfer-Encoding: chunked"]
    head += [name + b": " + value for name, value in (*HEADERS, *HIDDEN)]
    start = b"\r\n".join(head) + b"\r\n\r\n"
    sent = [start + b"".join(map(chunk, events)) + STREAM_END for events in given]
    async with between(iter(sent)) as (_, here):
        for row, events in zip(rows, given, strict=True):
            async with here.client.stream("POST", row.path, **streaming(row)) as response:
                received = b"".join([piece async for piece in response.aiter_raw()])
            assert received == b"".join(events), row
            assert shown(response.headers.raw) == sent_headers(b"text/event-stream"), row
        assert len(here.purse.ended) == len(rows)


def streaming(row: Endpoint) -> dict[str, Any]:
    """The row's request, asking for a stream."""
    request = request_for(row)
    if "json" in request:
        return {"json": request["json"] | {"stream": True}}
    return {"files": [*request["files"], ("stream", (None, "true"))]}


async def test_what_goes_up_is_what_the_client_sent() -> None:
    """Byte for byte, forms too: but for a ceiling that is written in where there is none."""
    same = repeat(answer(200, ODD_JSON, b"application/json"))
    async with between(same) as (far, here):
        for row in ROWS:
            if row.kind not in CALLS:
                continue
            request = here.client.build_request(row.method, path_of(row), **request_for(row))
            sent = request.read()
            await here.client.send(request)
            got = far.received[-1]
            assert got.target == path_of(row).encode()
            assert got.body == sent, row
            kinds = got.values(b"content-type")
            assert kinds == [request.headers["content-type"].encode()] if sent else kinds == []
            if row.method == "POST":
                assert got.values(b"content-length") == [b"%d" % len(sent)], row
