"""What goes out over ASGI."""

import asyncio

import pytest

from proxy.exchange import budget_headers, cost_headers
from proxy.reply import CUT, Reply
from proxy.request import ClientGone


async def sent(status, body=b"{}"):
    messages = []

    async def send(message):
        messages.append(message)

    reply = Reply({}, send)
    reply.ours.append((b"x-purser-request-id", b"1"))
    await reply.whole(status, [], body)
    return messages


async def test_a_whole_answer_tells_its_length_and_carries_ours():
    head, body = await sent(200)
    assert head["headers"] == [(b"content-length", b"2"), (b"x-purser-request-id", b"1")]
    assert body["more_body"] is False


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_tells_no_length(status):
    head, _ = await sent(status, b"")
    assert head["headers"] == [(b"x-purser-request-id", b"1")]


async def test_a_client_that_takes_nothing_is_gone_in_the_end(monkeypatch):
    monkeypatch.setattr("proxy.reply.READ_S", 0.05)

    async def stuck(message):
        await asyncio.Event().wait()

    with pytest.raises(ClientGone):
        await Reply({}, stuck).send(b"x")


def test_money_in_headers_is_exact():
    assert cost_headers(123_456_789) == [(b"x-purser-cost-usd", b"0.123456789")]
    assert budget_headers(5 * 10**9) == [(b"x-purser-budget-remaining-usd", b"5.00")]
    assert budget_headers(None) == []


async def test_only_an_answer_that_was_begun_and_not_ended_is_cut():
    cuts = []

    async def send(message):
        pass

    def reply():
        return Reply({"extensions": {CUT: lambda: cuts.append(1)}}, send)

    reply().cut_short()
    whole = reply()
    await whole.whole(200, [], b"{}")
    whole.cut_short()
    ended = reply()
    await ended.start(200, [])
    await ended.finish()
    ended.cut_short()
    assert not cuts
    begun = reply()
    await begun.start(200, [])
    begun.cut_short()
    assert cuts
