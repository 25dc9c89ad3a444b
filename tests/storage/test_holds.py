"""Reserve and end are idempotent by hold id, and nothing is written before every check."""

import pytest

from config.rules import Counts
from storage.errors import NotReady
from storage.holds import (
    Held,
    Reserve,
    RuleCheck,
    StaleRules,
    StaleWindows,
    pack_postings,
    unpack_postings,
)
from storage.records import Amounts, Outcome, Posting, Status
from storage.redis_link import PREFIX
from tests.budget.purse import PRICING, Engines, Process, facts, monthly, open_purse, usd


def ask(proxy: Process, tokens_nano: int = 40_000) -> Reserve:
    book = proxy.lifeline.rulebook
    assert book is not None
    call = facts()
    amounts = Amounts(tokens_nano, 0)
    return Reserve(
        call, book.checks(call), amounts, 0, amounts, Amounts(), 0, 50, 1 << 30, PRICING.version
    )


async def written(proxy: Process) -> set[bytes]:
    return set(await proxy.link.command("KEYS", PREFIX + "*"))


async def test_a_reserve_that_is_repeated_gets_the_first_answer(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        once = ask(proxy)
        first = await proxy.holds.reserve(once, "1")
        assert isinstance(first, Held)
        assert await proxy.holds.reserve(once, "1") == first
        assert (await purse.counted(purse.rules[0])).held_nano == 40_000
        outcome = Outcome(Status.VOIDED)
        await proxy.holds.end(once.facts, outcome, Amounts(), frozenset(), "", 0, ())
        with pytest.raises(NotReady, match="voided already"):
            await proxy.holds.reserve(once, "1")


async def test_a_stale_question_writes_nothing(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        before = await written(proxy)
        once = ask(proxy)
        assert await proxy.holds.reserve(once, "another generation") == StaleRules()
        (check,) = once.rules
        late = RuleCheck(
            check.name, check.counter, check.counts, check.value,
            type(check.current)(0, 1), type(check.current)(1, 2),
        )  # fmt: skip
        again = Reserve(
            once.facts, [check, late], once.full, 0, once.base, once.each_token, 0, 50, 1 << 30, ""
        )
        assert isinstance(await proxy.holds.reserve(again, "1"), StaleWindows)
        proxy.holds.epoch = "another life"
        with pytest.raises(NotReady):
            await proxy.holds.reserve(once, "1")
        assert await written(proxy) == before


async def test_one_rule_that_refuses_leaves_the_others_untouched(engines: Engines) -> None:
    rules = (monthly("1", "wide"), monthly("0.00001", "narrow", counts=Counts.DEARER))
    async with open_purse(engines, *rules) as purse:
        proxy = await purse.process()
        refusal = await proxy.holds.reserve(ask(proxy), "1")
        assert getattr(refusal, "rule", "") == "narrow"
        assert (await purse.counted(rules[0])).held_nano == 0
        assert (await purse.link.hash("open")) == {}


def test_postings_are_packed_and_unpacked() -> None:
    postings = (Posting("c1", 0, 2**53 - 1, "", "charge"), Posting("c2", 5, 9, "a.b", "dearer"))
    assert unpack_postings(pack_postings(postings)) == postings
    assert unpack_postings("") == ()


async def test_nothing_is_left_of_a_value_that_cost_nothing(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(1_000)
        await proxy.settlement.end(grant, Outcome(Status.VOIDED))
        assert (await purse.counted(purse.rules[0])).posted_nano == 0
        assert usd("1") == (await proxy.admit(0)).remaining_nano
