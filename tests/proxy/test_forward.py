"""What the proxy sends upstream is what it was told to send; every failure has its true class."""

import asyncio
import socket

import httpx
import pytest

from proxy.errors import Cut, NeverSent, NotConnectedInTime, Rubbish, TimedOut
from proxy.forward import Answer, Target, Upstream
from tests.proxy.upstreams import (
    STREAM_END,
    STREAM_HEAD,
    Exchange,
    answering,
    chunk,
    closing,
    http,
    upstream,
)

OK = http(200, b"{}")


def target(url: str, **times: float) -> Target:
    seconds = {"connect_s": 20.0, "write_s": 120.0, "read_s": 120.0, "pool_s": 120.0} | times
    return Target(url=url, name="test", api_key="k", **seconds)


async def post(client: Upstream, to: Target, body: bytes = b"{}", **more) -> Answer:
    path = more.pop("path", b"/chat/completions")
    headers = more.pop("headers", [])
    return await client.send(to, "POST", path, headers, body, **more)


async def test_nothing_is_added_merged_or_changed(client):
    given = [
        (b"X-Stainless-Lang", b"python"),
        (b"x-twice", b"a"),
        (b"x-twice", b"b"),
        (b"content-type", b"application/json"),
        (b"x-utf8", "é".encode()),
    ]
    async with upstream(answering(OK)) as far:
        answer = await post(client, target(far.url), b'{"a": 1}', headers=given)
        assert await answer.read(100) == b"{}"
        await answer.aclose()
    (request,) = far.received
    assert request.body == b'{"a": 1}'
    sent = [(k, v) for k, v in request.headers if k.lower() not in (b"host", b"content-length")]
    assert sent == given
    assert request.values(b"content-length") == [b"8"]
    assert request.values(b"host") == [far.url.split("/")[2].encode()]


@pytest.mark.parametrize(
    "path", [b"/models/a%2Fb%20c", b"/models//x", b"/models?q=%7e~&a=1+2&a=%2b", b"/a/%C3%A9;v=1"]
)
async def test_the_path_goes_byte_for_byte(client, path):
    async with upstream(answering(OK)) as far:
        answer = await client.send(target(far.url), "GET", path, [], b"")
        await answer.aclose()
    assert far.received[0].target == b"/v1" + path


async def test_a_redirect_is_an_answer(client):
    async with upstream(answering(http(307, b"", b"Location: http://127.0.0.1:9/"))) as far:
        answer = await post(client, target(far.url))
        await answer.aclose()
    assert answer.status == 307
    assert len(far.received) == 1


async def test_environment_proxies_are_not_used(client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with upstream(answering(OK)) as far:
        answer = await post(client, target(far.url))
        await answer.aclose()
    assert answer.status == 200


async def test_response_headers_keep_bytes_case_and_duplicates(client):
    async with upstream(answering(http(200, b"{}", b"X-Twice: a", b"X-Twice: b"))) as far:
        answer = await post(client, target(far.url))
        await answer.aclose()
    assert [pair for pair in answer.headers if pair[0] == b"X-Twice"] == [
        (b"X-Twice", b"a"),
        (b"X-Twice", b"b"),
    ]


async def test_large_response_headers_are_read(client):
    async with upstream(answering(http(200, b"{}", b"X-Large: " + b"x" * 30_000))) as far:
        answer = await post(client, target(far.url))
        await answer.aclose()
    assert answer.status == 200


async def test_a_body_of_megabytes_arrives_whole(client):
    body = bytes(range(256)) * 20_000
    async with upstream(answering(OK)) as far:
        answer = await post(client, target(far.url), body)
        await answer.aclose()
    assert far.received[0].body == body


async def test_chunks_arrive_as_they_are_sent(client):
    asked = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + chunk(b"one"))
        await asked.wait()
        await exchange.send(chunk(b"two") + STREAM_END)

    async with upstream(script) as far:
        answer = await post(client, target(far.url))
        chunks = answer.chunks()
        assert await anext(chunks) == b"one"
        asked.set()
        assert await anext(chunks) == b"two"
        assert [c async for c in chunks] == []
        await answer.aclose()


async def test_closing_in_mid_stream_closes_the_connection_at_once(client):
    left = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + chunk(b"one"))
        await exchange.left()
        left.set()

    async with upstream(script) as far:
        answer = await post(client, target(far.url))
        assert await anext(answer.chunks()) == b"one"
        await answer.aclose()
        async with asyncio.timeout(60):
            await left.wait()


async def test_connections_are_used_again(client):
    async with upstream(answering(OK)) as far:
        for _ in range(3):
            answer = await post(client, target(far.url))
            await answer.read(100)
            await answer.aclose()
    assert far.connections == 1


async def test_a_provisional_answer_is_taken_silently(client):
    async with upstream(answering(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)) as far:
        answer = await post(client, target(far.url))
        await answer.aclose()
    assert answer.status == 200


async def test_refused_connection_was_never_sent(client):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        sent = []
        with pytest.raises(NeverSent):
            await post(
                client, target(f"http://127.0.0.1:{port}/v1"), sending=lambda: sent.append(1)
            )
        assert not sent


async def test_unknown_host_was_never_sent(client):
    with pytest.raises(NeverSent):
        await post(client, target("http://no-such-host.invalid/v1"))


async def test_no_tls_was_never_sent(client):
    async with upstream(closing(b"not TLS\r\n\r\n")) as far:
        with pytest.raises(NeverSent):
            await post(client, target(far.url.replace("http://", "https://"), connect_s=0.3))


async def test_connecting_has_its_time(client):
    """A full backlog takes no further connection, and refuses none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            fillers.append(filler)
        with pytest.raises(NotConnectedInTime):
            await post(client, target(f"http://127.0.0.1:{address[1]}/v1", connect_s=0.3))
        for filler in fillers:
            filler.close()


async def test_reading_has_its_time_for_the_head(client):
    async def script(exchange: Exchange) -> None:
        await exchange.left()

    async with upstream(script) as far:
        sent = []
        with pytest.raises(TimedOut):
            await post(client, target(far.url, read_s=0.2), sending=lambda: sent.append(1))
        assert sent


async def test_reading_has_its_time_in_mid_stream(client):
    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + chunk(b"one"))
        await exchange.left()

    async with upstream(script) as far:
        answer = await post(client, target(far.url, read_s=0.2))
        with pytest.raises(TimedOut):
            await answer.read(100)
        await answer.aclose()


async def test_writing_has_its_time(client):
    """An upstream that takes no bytes."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        port = listener.getsockname()[1]
        to = target(f"http://127.0.0.1:{port}/v1", write_s=0.3, read_s=30)
        async with asyncio.timeout(60):
            with pytest.raises(TimedOut, match="not taken"):
                await post(client, to, b"x" * 40_000_000)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Le"],
    ids=["nothing", "half a head"],
)
async def test_a_connection_lost_after_sending_is_cut(client, answer):
    async with upstream(closing(answer)) as far:
        with pytest.raises(Cut):
            await post(client, target(far.url))
    assert len(far.received) == 1, "a paid call is never retried"


@pytest.mark.parametrize(
    "answer",
    [STREAM_HEAD + chunk(b"one"), b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"],
    ids=["chunked", "by length"],
)
async def test_half_a_body_is_cut(client, answer):
    async with upstream(closing(answer)) as far:
        got = await post(client, target(far.url))
        with pytest.raises(Cut):
            await got.read(100)
        await got.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x00\x01\x02\x03" * 8,
        b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        http(200, b"{}", b"Content-Length: 5"),
        http(200, b"{}", b"X-Large: " + b"x" * 200_000),
    ],
    ids=["other protocol", "binary", "status", "upgrade", "two lengths", "huge header"],
)
async def test_what_is_not_http_is_rubbish(client, answer):
    async with upstream(closing(answer)) as far:
        with pytest.raises(Rubbish):
            await post(client, target(far.url))


async def test_more_than_the_bound_is_rubbish(client):
    async with upstream(answering(http(200, b"x" * 1000))) as far:
        answer = await post(client, target(far.url))
        with pytest.raises(Rubbish):
            await answer.read(999)
        await answer.aclose()


async def test_any_httpx_transport_will_do():
    """The seam is httpx's own: here with a connection that httpx says was never made."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with pytest.raises(NeverSent):
        await post(Upstream(httpx.MockTransport(refuse)), target("http://upstream/v1"))
