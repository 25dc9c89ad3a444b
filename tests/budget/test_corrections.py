"""A correction reaches ledger, budgets and audit log alike, in the call's own windows."""

import pytest

from budget.corrections import Corrected, Wanted, correct
from budget.errors import Uncorrectable
from config.rules import Dimension
from storage.records import Amounts, Outcome, Status
from tests.budget.purse import Engines, Purse, monthly, open_purse, usd, used


def wanted(hold_id: str, charge: str, provider: str | None = None) -> Wanted:
    return Wanted(
        hold_id, usd(charge), None if provider is None else usd(provider), "ann", "cli", "too dear"
    )


async def made(purse: Purse, hold_id: str, charge: str, provider: str | None = None) -> Corrected:
    return await correct(purse.link, purse.ledger, wanted(hold_id, charge, provider))


async def test_a_correction_gives_money_back_and_says_who_and_why(engines: Engines) -> None:
    per_campaign = monthly("1", "per-campaign", each=(Dimension.CAMPAIGN,))
    async with open_purse(engines, monthly("1"), per_campaign) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(20_000, "spring")
        done = await made(purse, grant.facts.hold_id, "0.1", "0.07")
        assert (done.entry, done.before.charge, done.after) == (
            1,
            usd("0.8"),
            Amounts(usd("0.1"), usd("0.07")),
        )
        entries = await purse.ledger.entries_of(grant.facts.hold_id)
        assert [entry.status for entry in entries] == [Status.SETTLED, Status.CORRECTION]
        assert entries[1].charge_nano == -usd("0.7")
        assert entries[1].reason == "too dear"
        (line,) = await purse.ledger.audited()
        assert (line.act.action, line.act.who, line.act.reason) == ("correct", "ann", "too dear")
        assert "0.80 USD" in (line.act.old or "")
        assert "0.10 USD" in (line.act.new or "")
        again = await proxy.spend(20_000, "spring")
        assert again.remaining_nano == usd("0.1")
        assert (await purse.reconcile()).clean


async def test_a_correction_may_be_corrected(engines: Engines) -> None:
    async with open_purse(engines, monthly("10")) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(20_000)
        await made(purse, grant.facts.hold_id, "0")
        done = await made(purse, grant.facts.hold_id, "0.3")
        assert (done.entry, done.before.charge) == (2, 0)
        assert (await purse.reconcile()).clean


async def test_a_call_that_redis_has_forgotten_is_corrected_from_the_ledger(
    engines: Engines,
) -> None:
    per_campaign = monthly("9", "per-campaign", each=(Dimension.CAMPAIGN,))
    async with open_purse(engines, monthly("10"), per_campaign) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(20_000, "spring")
        await purse.outbox.drain()
        await purse.link.command("DEL", f"{{purser}}:hold:{grant.facts.hold_id}")
        await made(purse, grant.facts.hold_id, "0.5")
        assert (await purse.reconcile()).clean
        assert (await proxy.admit(1, "spring")).remaining_nano == usd("8.5") - 40_000


@pytest.mark.parametrize("ending", [Outcome(Status.ASSUMED), used(5_000)])
async def test_a_rule_that_came_after_the_call_counts_its_correction(
    engines: Engines, ending: Outcome
) -> None:
    async with open_purse(engines, monthly("10")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(20_000)
        await proxy.settlement.end(grant, ending)
        await purse.publish(
            *purse.rules, monthly("5", "content", match={Dimension.AGENT: "content"})
        )
        await made(purse, grant.facts.hold_id, "0.6")
        report = await purse.reconcile()
        assert report.clean, report
        assert report.counters == 2


async def test_a_call_in_flight_is_not_corrected(engines: Engines) -> None:
    async with open_purse(engines, monthly("10")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(20_000)
        with pytest.raises(Uncorrectable, match="in flight"):
            await made(purse, grant.facts.hold_id, "0")
        await proxy.settlement.end(grant, used(1))


async def test_what_cannot_be_corrected_is_said(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(5_000)
        with pytest.raises(Uncorrectable, match="no call nothing"):
            await made(purse, "nothing", "0")
        with pytest.raises(Uncorrectable, match="costs that already"):
            await made(purse, grant.facts.hold_id, "0.2")
        assert await purse.ledger.audited() == []
