"""Amounts up to 2^53 - 1 nano-dollars keep every digit, in Lua, Redis and SQL alike."""

from dataclasses import replace

import pytest

from budget.charge import Pricing
from budget.corrections import Wanted, correct
from budget.errors import Refused
from config.money import NANO_MAX, Nano, NanoPerMillion
from config.rules import Dimension, Rule
from storage.records import Outcome, Status
from storage.snapshot import Counted
from tests.budget.purse import Engines, facts, monthly, open_purse, used, worst

ONE_NANO = Pricing("agent_rate", NanoPerMillion(1_000_000), None, "test")
"""One nano-dollar a token."""
LARGE = replace(monthly("1", "large"), limit_nano=Nano(NANO_MAX))


@pytest.fixture
def engines(valkey_url: str, database_url: str) -> Engines:
    return Engines(valkey_url, database_url)


@pytest.mark.parametrize(
    "amount", [1, 10**14 - 1, 10**14 + 1, 123_456_789_012_345, 10**15 + 3, NANO_MAX - 1, NANO_MAX]
)
async def test_every_digit_is_kept_on_the_whole_way(engines: Engines, amount: int) -> None:
    each = replace(monthly("1", "each", each=(Dimension.CAMPAIGN,)), limit_nano=Nano(NANO_MAX))
    rules: tuple[Rule, ...] = (LARGE, each)
    async with open_purse(engines, *rules) as purse:
        proxy = await purse.process()
        grant = await proxy.admission.admit(facts("spring"), worst(amount), ONE_NANO)
        assert grant.held.charge == amount
        assert grant.remaining_nano == NANO_MAX - amount
        assert await purse.counted(LARGE) == Counted(0, amount)
        with pytest.raises(Refused) as refused:
            await proxy.admission.admit(facts(), worst(NANO_MAX - amount + 1), ONE_NANO)
        assert refused.value.held_nano == amount
        assert refused.value.needed_nano == NANO_MAX - amount + 1
        receipt = await proxy.settlement.end(grant, used(amount - 1))
        assert (receipt.amounts.charge, receipt.remaining_nano) == (
            amount - 1,
            NANO_MAX - amount + 1,
        )
        assert await purse.counted(each, "spring") == Counted(amount - 1, 0)
        hold_id = grant.facts.hold_id
        await correct(
            purse.link, purse.ledger, Wanted(hold_id, amount, None, "ann", "cli", "one more")
        )
        assert [entry.charge_nano for entry in await purse.entries(hold_id)] == [amount - 1, 1]
        await purse.publish(LARGE)
        await purse.publish(LARGE, each)
        assert await purse.counted(each, "spring") == Counted(amount, 0)
        assert (await purse.reconcile()).clean


async def test_a_lowered_ceiling_is_exact_for_large_limits(engines: Engines) -> None:
    async with open_purse(engines, LARGE) as purse:
        proxy = await purse.process()
        lowerable = worst(0, 10**15, explicit=False, lowerable=True, min_output_tokens=1)
        grant = await proxy.admission.admit(facts(), lowerable, ONE_NANO)
        assert grant.output_ceiling == grant.held.charge == NANO_MAX // 1000 * 50
        await proxy.settlement.end(grant, Outcome(Status.VOIDED))
        assert await purse.counted(LARGE) == Counted(0, 0)


async def test_amounts_of_nothing_are_no_trap(engines: Engines) -> None:
    """Minus nothing is "-0" to a careless script, which Redis does not take for an integer."""
    async with open_purse(engines, LARGE) as purse:
        proxy = await purse.process()
        for outcome in (
            used(0), Outcome(Status.FAILED), Outcome(Status.ASSUMED), Outcome(Status.VOIDED),
        ):  # fmt: skip
            grant = await proxy.admission.admit(facts(), worst(0), ONE_NANO)
            assert (await proxy.settlement.end(grant, outcome)).amounts.charge == 0
            (entry,) = await purse.entries(grant.facts.hold_id)
            assert (entry.charge_nano, entry.held_nano) == (0, 0)
        assert await purse.counted(LARGE) == Counted(0, 0)
        assert (await purse.reconcile()).clean
