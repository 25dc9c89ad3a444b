"""A client that leaves neither keeps the upstream working nor gets its answer for nothing."""

import asyncio
import contextlib
import socket

from storage.records import Flag, Status
from tests.proxy.stand import stand, terms
from tests.proxy.talk import CHARGE, OK, PARTS, STREAM, ask
from tests.proxy.upstreams import STREAM_HEAD, Exchange, chunk, upstream

CHAT = "/v1/chat/completions"


async def leave(script, until: bytes):
    """Start a stream, read until a text was seen, leave; its end, once the upstream was closed."""
    left = asyncio.Event()

    async def watched(exchange: Exchange) -> None:
        await script(exchange)
        await exchange.left()
        left.set()

    async with upstream(watched) as far, stand(terms(far.url)) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        body = b'{"model":"gpt-4o-mini","stream":true,"max_tokens":900,"messages":[]}'
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        async with asyncio.timeout(60):
            if until:
                await reader.readuntil(until)
            else:
                while not far.received:
                    await asyncio.sleep(0.005)
        writer.close()
        async with asyncio.timeout(60):
            await left.wait()
        return await here.purse.one_end()


async def test_a_client_that_leaves_pays_for_what_was_produced():
    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + chunk(PARTS[0]) + chunk(PARTS[1]))

    grant, outcome, receipt = await leave(script, b"there")
    assert outcome.status is Status.SETTLED
    assert {Flag.ESTIMATED, Flag.CLIENT_GONE} <= outcome.flags
    assert outcome.usage.output_tokens == 2
    assert 0 < receipt.amounts.charge < grant.held.charge


async def test_a_client_that_leaves_before_the_first_byte_pays_for_its_input():
    async def script(exchange: Exchange) -> None:
        return

    _, outcome, _ = await leave(script, b"")
    assert Flag.CLIENT_GONE in outcome.flags
    assert outcome.usage.output_tokens == 0
    assert outcome.usage.input_tokens > 0


async def test_leaving_after_the_last_event_is_not_leaving():
    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + b"".join(chunk(data) for data in STREAM))

    _, outcome, receipt = await leave(script, b"[DONE]")
    assert outcome.flags == frozenset()
    assert receipt.amounts.charge == CHARGE


async def test_an_answer_that_comes_whole_is_read_to_its_end_and_charged_exactly():
    inside, release = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        inside.set()
        await release.wait()
        await exchange.send(OK)

    async with upstream(script) as far, stand(terms(far.url)) as here:
        call = asyncio.create_task(here.client.post(CHAT, json=ask()))
        await inside.wait()
        call.cancel()
        release.set()
        _, outcome, receipt = await here.purse.one_end()
    assert outcome.status is Status.SETTLED
    assert receipt.amounts.charge == CHARGE
    assert outcome.flags == frozenset()


async def test_a_client_that_leaves_before_anything_was_sent_pays_nothing():
    """The upstream's backlog is full: the connection neither comes about nor is refused."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        async with stand(terms(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")) as here:
            call = asyncio.create_task(here.client.post(CHAT, json=ask(stream=True)))
            async with asyncio.timeout(60):
                while not here.purse.open:
                    await asyncio.sleep(0.005)
            call.cancel()
            _, outcome, receipt = await here.purse.one_end()
    assert outcome.status is Status.VOIDED
    assert receipt.amounts.charge == 0
