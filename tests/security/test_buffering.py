"""A stream is passed on as it comes: nothing waits for what follows."""

import asyncio

from tests.proxy.stand import stand, terms
from tests.proxy.talk import DONE, ask
from tests.proxy.upstreams import STREAM_END, STREAM_HEAD, Exchange, chunk, event, upstream

CHAT = "/v1/chat/completions"


async def test_each_event_reaches_the_client_before_the_next_is_sent():
    """The upstream sends an event only once the client has told that it has the one before."""
    got = asyncio.Semaphore(0)
    count = 20

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD)
        for number in range(count):
            await exchange.send(chunk(event({"number": number, "choices": []})))
            async with asyncio.timeout(60):
                await got.acquire()
        await exchange.send(chunk(DONE) + STREAM_END)

    async with upstream(script) as far, stand(terms(far.url)) as here:
        request = here.client.stream("POST", CHAT, json=ask(stream=True))
        async with request as response:
            seen = 0
            async for line in response.aiter_lines():
                if line.startswith('data: {"number"'):
                    seen += 1
                    got.release()
    assert seen == count


async def test_the_head_of_a_stream_comes_before_its_first_event():
    told = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD)
        async with asyncio.timeout(60):
            await told.wait()
        await exchange.send(chunk(DONE) + STREAM_END)

    async with (
        upstream(script) as far,
        stand(terms(far.url)) as here,
        here.client.stream("POST", CHAT, json=ask(stream=True)) as response,
    ):
        assert response.status_code == 200
        told.set()
        await response.aread()
