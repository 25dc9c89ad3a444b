"""Calls over HTTP against a budget that is kept by real engines."""

import asyncio
from collections import Counter

import pytest

from config.rules import Dimension
from storage.records import Flag, Status
from tests.budget.purse import Engines, monthly, open_purse, usd
from tests.proxy.stand import stand, terms
from tests.proxy.talk import OK, OK_STREAM, PARTS, ask
from tests.proxy.upstreams import STREAM_HEAD, Exchange, answering, chunk, upstream

CHAT = "/v1/chat/completions"
CHARGE = 12 * 40_000
"""What one call of CONTENT is charged, nano-dollars."""


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    return Engines(valkey_url, sqlite_url)


async def by_wish(exchange: Exchange) -> None:
    """A stream or an answer, as the request asks."""
    await exchange.send(OK_STREAM if b'"stream":true' in exchange.request.body else OK)


async def test_a_call_stands_in_the_ledger(engines):
    async with open_purse(engines, monthly("1")) as purse, upstream(answering(OK)) as far:
        process = await purse.process()
        headers = {"x-agent-type": "content", "x-campaign-id": "Spring", "x-execution-id": "run-1"}
        async with stand(terms(far.url), real=process) as here:
            response = await here.client.post(CHAT, json=ask(), headers=headers)
        assert response.status_code == 200
        assert response.headers["x-purser-budget-remaining-usd"] == "0.99952"
        await purse.outbox.drain()
        (entry,) = await purse.ledger.entries_of(response.headers["x-purser-request-id"])
        assert (await purse.reconcile()).clean
    assert entry.status is Status.SETTLED
    assert entry.charge_nano == CHARGE
    assert (entry.agent, entry.campaign, entry.execution_id) == ("CONTENT", "Spring", "run-1")
    assert entry.requested_model == "gpt-4o-mini"
    assert entry.served_model == "gpt-4o-mini-2024-07-18"
    assert entry.usage.total_tokens == 12


async def test_many_at_once_never_pass_a_limit_and_everything_adds_up(engines):
    """Half of them streams, over two rules; what is held never lets the sum pass."""
    limit = usd("0.02")
    rules = (monthly("0.02"), monthly("0.012", "per-campaign", each=(Dimension.CAMPAIGN,)))
    async with open_purse(engines, *rules) as purse, upstream(by_wish) as far:
        process = await purse.process()
        async with stand(terms(far.url), real=process) as here:

            async def call(number: int) -> int:
                headers = {"x-agent-type": "CONTENT", "x-campaign-id": f"c{number % 3}"}
                body = ask(stream=bool(number % 2))
                response = await here.client.post(CHAT, json=body, headers=headers)
                if response.status_code == 429:
                    assert response.headers["x-purser-refusal"].startswith("budget_")
                return response.status_code

            answers = Counter(await asyncio.gather(*(call(number) for number in range(80))))
        await purse.outbox.drain()
        report = await purse.reconcile()
        assert report.clean, report
    assert set(answers) == {200, 429}
    assert len(far.received) == answers[200]
    assert answers[200] * CHARGE <= limit


async def test_a_client_that_left_stands_in_the_ledger_as_estimated(engines):
    left = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(STREAM_HEAD + chunk(PARTS[0]))
        await exchange.left()
        left.set()

    async with open_purse(engines, monthly("1")) as purse, upstream(script) as far:
        process = await purse.process()
        async with stand(terms(far.url), real=process) as here:
            async with here.client.stream("POST", CHAT, json=ask(stream=True)) as response:
                name = response.headers["x-purser-request-id"]
                await anext(response.aiter_bytes())
            async with asyncio.timeout(60):
                await left.wait()
            async with asyncio.timeout(60):
                while not (entries := await purse.ledger.entries_of(name)):
                    await purse.outbox.drain()
        assert (await purse.reconcile()).clean
    assert entries[0].status is Status.SETTLED
    assert {Flag.ESTIMATED, Flag.CLIENT_GONE} <= entries[0].flags


async def test_while_redis_is_emptied_nothing_leaves(engines):
    async with open_purse(engines, monthly("1")) as purse, upstream(answering(OK)) as far:
        process = await purse.process()
        async with stand(terms(far.url), real=process) as here:
            await process.link.command("FLUSHALL")
            response = await here.client.post(CHAT, json=ask())
        await purse.upkeep.tick()
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert not far.received
