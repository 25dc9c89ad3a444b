"""What fits is held in every rule at once; what does not is refused by name."""

import contextlib

import pytest

from budget.errors import Refused, Unavailable
from config.rules import Dimension
from tests.budget.purse import PRICING, Engines, facts, monthly, open_purse, usd, used, worst

IMPLICIT = worst(0, 100_000, explicit=False, lowerable=True, min_output_tokens=4096)


async def test_a_call_is_held_then_charged(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        assert grant.held.charge == usd("0.4")
        assert grant.remaining_nano == usd("0.6")
        receipt = await proxy.settlement.end(grant, used(5_000))
        assert receipt.amounts.charge == usd("0.2")
        assert receipt.remaining_nano == usd("0.8")
        await purse.outbox.drain()
        (entry,) = await purse.ledger.entries_of(grant.facts.hold_id)
        assert (entry.charge_nano, entry.held_nano, entry.seq) == (usd("0.2"), usd("0.4"), 1)
        assert (await purse.reconcile()).clean


async def test_what_does_not_fit_is_refused_with_the_rule(engines: Engines) -> None:
    per_campaign = monthly("0.5", "per-campaign", each=(Dimension.CAMPAIGN,))
    async with open_purse(engines, monthly("1"), per_campaign) as purse:
        proxy = await purse.process()
        await proxy.spend(10_000, "spring")
        with pytest.raises(Refused) as refused:
            await proxy.admit(5_000, "Spring")
        assert refused.value.reason == "budget_exceeded"
        assert refused.value.rule == "per-campaign"
        assert refused.value.limit_nano == usd("0.5")
        assert refused.value.posted_nano == usd("0.4")
        await proxy.spend(10_000, "autumn")
        with pytest.raises(Refused) as refused:
            await proxy.admit(10_000, "winter")
        assert refused.value.rule == "monthly"


async def test_money_in_flight_is_told_apart_from_money_spent(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(20_000)
        with pytest.raises(Refused) as refused:
            await proxy.admit(10_000)
        assert refused.value.reason == "budget_in_flight"
        await proxy.settlement.end(grant, used(1))
        await proxy.admit(10_000)


async def test_an_implicit_ceiling_is_lowered_to_its_share(engines: Engines) -> None:
    async with open_purse(engines, monthly("20")) as purse:
        proxy = await purse.process()
        grant = await proxy.admission.admit(facts(), IMPLICIT, PRICING)
        assert grant.lowered
        assert grant.output_ceiling == 25_000
        assert grant.held.charge == usd("1")
        fitted = 1
        with contextlib.suppress(Refused):
            for _ in range(100):
                await proxy.admission.admit(facts(), IMPLICIT, PRICING)
                fitted += 1
        assert 24 <= fitted < 100
        with pytest.raises(Refused):
            await proxy.admit(0, output=100_000)


async def test_nothing_is_admitted_before_redis_is_verified(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await proxy.link.command("FLUSHALL")
        with pytest.raises(Unavailable):
            await proxy.admit(1)
        await purse.upkeep.tick()
        await purse.publish(*purse.rules)
        await purse.until_ready(proxy)
        assert (await proxy.admit(1)).remaining_nano == usd("1") - 40_000
