"""A hold ends exactly once, whichever way its block is left."""

import asyncio

import pytest

from proxy.hold import OpenHold, hold_for
from proxy.log import CallLine
from proxy.meter import Reading
from storage.records import Caller, CallFacts, Status, Usage, WorstCase
from tests.proxy.stand import Purse, terms


@pytest.fixture
async def held():
    purse = Purse()
    facts = CallFacts("hold-1", "request-1", Caller(), "chat/completions", "gpt-4o-mini")
    pricing = terms().pricing("unattributed", "gpt-4o-mini")
    grant = await purse.admit(facts, WorstCase(10, 20), pricing)
    return purse, OpenHold(purse, grant, CallLine("request-1"))


@pytest.mark.parametrize(("sent", "status"), [(False, Status.VOIDED), (True, Status.ASSUMED)])
@pytest.mark.parametrize("fails", [False, True])
async def test_leaving_without_an_end_makes_one(held, sent, status, fails):
    purse, hold = held
    try:
        async with hold:
            if sent:
                hold.sending()
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert fails
    _, outcome, _ = await purse.one_end()
    assert outcome.status is status


async def test_an_end_stands_whatever_happens_after(held):
    purse, hold = held

    async def settle_and_fail():
        async with hold:
            await hold.settle(Reading(), Usage(3, 4))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await settle_and_fail()
    _, outcome, _ = await purse.one_end()
    assert outcome.status is Status.SETTLED


async def test_an_answer_that_says_it_failed_is_marked_so_and_charged_for_what_it_used(held):
    purse, hold = held
    async with hold:
        await hold.settle(Reading(failed=True), Usage(3, 4))
    _, outcome, _ = await purse.one_end()
    assert outcome.status is Status.FAILED
    assert outcome.usage.total_tokens == 7


async def test_a_hold_whose_caller_was_cancelled_while_asking_is_voided(monkeypatch):
    purse, asked, answer = Purse(), asyncio.Event(), asyncio.Event()
    admit = purse.admit

    async def slowly(*args):
        asked.set()
        await answer.wait()
        return await admit(*args)

    monkeypatch.setattr(purse, "admit", slowly)
    facts = CallFacts("hold-1", "request-1", Caller(), "chat/completions", "gpt-4o-mini")
    pricing = terms().pricing("unattributed", "gpt-4o-mini")
    call = asyncio.create_task(hold_for(purse, purse, facts, WorstCase(10, 20), pricing))
    await asked.wait()
    call.cancel()
    answer.set()
    with pytest.raises(asyncio.CancelledError):
        await call
    _, outcome, _ = await purse.one_end()
    assert outcome.status is Status.VOIDED
