"""Whatever upstreams and clients do, every hold ends exactly once and nothing stays open."""

import asyncio
import random
from collections import Counter

import httpx

from storage.records import Status
from tests.proxy.stand import Purse, stand, terms
from tests.proxy.talk import OK, OK_STREAM, PARTS, STREAM, ask
from tests.proxy.upstreams import STREAM_HEAD, Exchange, chunk, http, upstream

CHAT = "/v1/chat/completions"
CALLS = 300
ANSWERS = (
    OK,
    OK_STREAM,
    http(500, b"{}"),
    http(200, b"<html>"),
    b"garbage\r\n\r\n",
    b"",
    OK[:-20],
    STREAM_HEAD + chunk(PARTS[0]),
    STREAM_HEAD + b"".join(chunk(data) for data in STREAM[:-1]),
)


async def test_every_hold_ends_once():
    """`Purse.end` fails on a hold that it does not know or that has ended."""
    dice = random.Random(7)

    async def script(exchange: Exchange) -> None:
        answer = dice.choice(ANSWERS)
        for start in range(0, len(answer), 97):
            await exchange.send(answer[start : start + 97])
            await asyncio.sleep(0)
        if answer not in (OK, OK_STREAM):
            exchange.writer.close()

    async with upstream(script) as far, stand(terms(far.url), Purse(limit=10**15)) as here:

        async def call(number: int) -> str:
            request = here.client.post(CHAT, json=ask(stream=bool(number % 2)))
            patience = dice.choice((0.005, 0.02, 0.1, 10))
            try:
                async with asyncio.timeout(patience):
                    return str((await request).status_code)
            except (TimeoutError, httpx.HTTPError) as error:
                return type(error).__name__

        for first in range(0, CALLS, 60):
            await asyncio.gather(*(call(number) for number in range(first, first + 60)))
        async with asyncio.timeout(60):
            while here.purse.open:
                await asyncio.sleep(0.01)
        ends = Counter(outcome.status for _, outcome, _ in here.purse.ended)
    assert {Status.SETTLED, Status.FAILED, Status.ASSUMED} <= set(ends)
    names = [grant.facts.hold_id for grant, _, _ in here.purse.ended]
    assert len(names) == len(set(names))
    assert b"purser_requests_in_flight 0.0" in here.metrics.text()
