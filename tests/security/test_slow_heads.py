"""A head that never ends takes neither memory without bound nor a place for ever."""

import asyncio

from proxy.connection import HEAD_BYTES_MAX
from tests.proxy.stand import stand, terms
from tests.proxy.talk import PARTS, STREAM
from tests.proxy.upstreams import STREAM_END, STREAM_HEAD, Exchange, chunk, upstream

START = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Endless: "


async def test_a_head_without_end_is_refused():
    async with stand(terms()) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(START + b"x" * (HEAD_BYTES_MAX // 2))
        await writer.drain()
        writer.write(b"x" * HEAD_BYTES_MAX)
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 431")
    assert b'"code":"headers_too_large"' in answer


async def test_a_head_that_comes_too_slowly_is_refused(monkeypatch):
    monkeypatch.setattr("proxy.connection.HEAD_S", 0.2)
    async with stand(terms()) as here:
        async with asyncio.timeout(60):
            assert (await here.raw(START)).startswith(b"HTTP/1.1 408")
            assert await here.raw(b"") == b""


async def test_a_second_head_has_its_own_time(monkeypatch):
    monkeypatch.setattr("proxy.connection.HEAD_S", 0.3)
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with stand(terms()) as here, asyncio.timeout(60):
        answer = await here.raw(whole + START)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in answer


async def test_what_is_not_http_is_told_so_in_openais_shape():
    async with stand(terms()) as here:
        answer = await here.raw(b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"code":"invalid_http"' in answer


async def test_a_stream_is_not_disturbed_by_what_is_sent_behind_its_request(monkeypatch):
    monkeypatch.setattr("proxy.connection.HEAD_S", 0.1)
    late = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + chunk(PARTS[0]))
        await late.wait()
        await exchange.send(b"".join(chunk(data) for data in STREAM[1:]) + STREAM_END)

    body = b'{"model":"gpt-4o-mini","stream":true,"max_tokens":9,"messages":[]}'
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    async with upstream(script) as far, stand(terms(far.url)) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(request % len(body) + body + START)
        async with asyncio.timeout(60):
            await reader.readuntil(b"Hello")
            asyncio.get_running_loop().call_later(0.3, late.set)
            rest = await reader.read()
        writer.close()
    assert b"[DONE]" in rest
    assert b"408" not in rest.partition(b"[DONE]")[0]
