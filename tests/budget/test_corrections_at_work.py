"""Corrections meet whatever else a call may be going through."""

import asyncio
from dataclasses import replace

import pytest

from budget.corrections import Corrected, Wanted, correct
from budget.errors import Uncorrectable
from config.rules import Dimension
from storage import holds
from storage.errors import Conflict
from storage.records import Amounts, Outcome, Status
from storage.redis_link import PREFIX
from storage.snapshot import Counted
from tests.budget.purse import Engines, Purse, monthly, open_purse, usd, used

RULE = monthly("1", each=(Dimension.CAMPAIGN,))
WANTED = Wanted("", 0, None, "ann", "cli", "the provider's invoice")


async def correct_to(purse: Purse, hold_id: str, charge: str) -> Corrected:
    wanted = replace(WANTED, hold_id=hold_id, charge_nano=usd(charge))
    return await correct(purse.link, purse.ledger, wanted)


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize("outcome", [used(10_000), Outcome(Status.ASSUMED), Outcome(Status.VOIDED)])
async def test_counter_and_ledger_take_the_difference(
    engines: Engines, outcome: Outcome, forgotten: bool
) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000, "spring")
        first = await proxy.settlement.end(grant, outcome)
        await purse.entries(grant.facts.hold_id)
        if forgotten:
            await purse.link.command("DEL", f"{PREFIX}hold:{grant.facts.hold_id}")
        corrected = await correct_to(purse, grant.facts.hold_id, "0.1")
        assert corrected.before == first.amounts
        assert (corrected.entry, corrected.after) == (1, Amounts(usd("0.1"), 0))
        await correct_to(purse, grant.facts.hold_id, "0.3")
        charges = [entry.charge_nano for entry in await purse.entries(grant.facts.hold_id)]
        assert charges == [first.amounts.charge, usd("0.1") - first.amounts.charge, usd("0.2")]
        assert await purse.counted(RULE, "spring") == Counted(usd("0.3"), 0)
        assert (await purse.reconcile()).clean
        newest, *_ = await purse.ledger.audited()
        assert (newest.act.action, newest.act.who) == ("correct", "ann")
        assert newest.act.reason == "the provider's invoice"


async def test_what_cannot_be_corrected_says_why(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        with pytest.raises(Uncorrectable, match="no call nobody"):
            await correct_to(purse, "nobody", "0.1")
        grant = await proxy.admit(1_000, "spring")
        with pytest.raises(Uncorrectable, match="in flight"):
            await correct_to(purse, grant.facts.hold_id, "0.1")
        await proxy.settlement.end(grant, used(1_000))
        with pytest.raises(Uncorrectable, match="costs that already"):
            await correct_to(purse, grant.facts.hold_id, "0.04")
        assert await purse.counted(RULE, "spring") == Counted(usd("0.04"), 0)


async def test_of_two_corrections_at_once_one_is_told_to_look_again(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(10_000, "spring")
        results = await asyncio.gather(
            correct_to(purse, grant.facts.hold_id, "0.1"),
            correct_to(purse, grant.facts.hold_id, "0.2"),
            return_exceptions=True,
        )
        done = [result for result in results if isinstance(result, Corrected)]
        assert len(done) + sum(isinstance(result, Conflict) for result in results) == 2
        last = (await purse.counted(RULE, "spring")).posted_nano
        assert last == max(done, key=lambda corrected: corrected.entry).after.charge
        assert (await purse.reconcile()).clean


async def test_a_call_of_the_shared_value_is_corrected_there(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "EACH_VALUES_MAX", 1)
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000, "own")
        grant = await proxy.spend(1_000, "shared")
        await correct_to(purse, grant.facts.hold_id, "0.5")
        assert await purse.counted(RULE, "other") == Counted(usd("0.5"), 0)
        assert (await purse.reconcile()).clean


async def test_a_late_end_after_a_correction_changes_nothing(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000, "spring")
        await proxy.settlement.end(grant, Outcome(Status.ASSUMED))
        await correct_to(purse, grant.facts.hold_id, "0.1")
        await proxy.settlement.end(grant, used(5_000))
        assert await purse.counted(RULE, "spring") == Counted(usd("0.1"), 0)
