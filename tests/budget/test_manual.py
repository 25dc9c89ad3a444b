"""Costs told by hand, below the API: once each, in the same books as calls."""

import asyncio

import pytest

from budget.errors import CostTooLarge, KeyReused, Refused, Unavailable
from budget.manual import ManualCosts, ManualTerms, Told
from config.rates import RateCard
from storage.records import Flag
from tests.budget.purse import RATE, Engines, Process, Purse, monthly, open_purse, usd

TOLD = Told("CONTENT", "spring", 1000, "unattributed", None, None)


def costs(purse: Purse, process: Process, rate: int = RATE, outbox: int = 1 << 30) -> ManualCosts:
    terms = ManualTerms(RateCard({"CONTENT": rate}, rate), "test", outbox)  # type: ignore[dict-item, arg-type]
    return ManualCosts(process.lifeline, purse.ledger, lambda: terms, lambda text: text.decode())


async def test_two_processes_record_one_cost(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        both = [costs(purse, await purse.process(f"proxy-{n}")) for n in range(2)]
        written = await asyncio.gather(
            *(
                both[n % 2].record(TOLD, "me", "k", enforce=False, additional=False)
                for n in range(8)
            )
        )
        assert len({one.hold_id for one in written}) == 1
        assert sum(not one.replayed for one in written) == 1
        await purse.outbox.drain()
        (entry,) = await purse.ledger.entries_of(written[0].hold_id)
        assert (entry.charge_nano, entry.key) == (usd("0.04"), "me")
        other = Told("CONTENT", "autumn", 1000, "unattributed", None, None)
        with pytest.raises(KeyReused):
            await both[0].record(other, "me", "k", enforce=False, additional=False)
        assert (await purse.reconcile()).clean


async def test_what_cannot_be_recorded_is_not(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        process = await purse.process()
        dear = costs(purse, process, rate=2**53 - 1)
        million = Told("CONTENT", "spring", 2_000_000, "unattributed", None, None)
        with pytest.raises(CostTooLarge):
            await dear.record(million, "me", None, enforce=False, additional=False)
        full = costs(purse, process, outbox=0)
        with pytest.raises(Unavailable, match="wait for SQL"):
            await full.record(TOLD, "me", None, enforce=False, additional=False)
        usual = costs(purse, process)
        much = Told("CONTENT", "spring", 100_000, "unattributed", None, None)
        with pytest.raises(Refused):
            await usual.record(much, "me", None, enforce=True, additional=False)
        assert (await purse.reconcile()).clean


async def test_a_manual_cost_does_not_forbid_another_of_its_execution(engines: Engines) -> None:
    async with open_purse(engines, monthly("0.05")) as purse:
        book = costs(purse, await purse.process())
        for number, over in ((1, False), (2, True)):
            told = Told("CONTENT", "spring", 500 * number, "unattributed", "run", None)
            done = await book.record(told, "me", None, enforce=False, additional=False)
            assert done.over_budget is over
            await purse.outbox.drain()
        entry = (await purse.ledger.entries_of(done.hold_id))[0]
        assert entry.flags == {Flag.OVER_BUDGET}
