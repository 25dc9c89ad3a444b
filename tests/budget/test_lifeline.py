"""A process admits only in a life of Redis that it has joined, by the rules of that life."""

from collections.abc import Sequence

import pytest

from budget.errors import Refused, Unavailable
from config.rules import Dimension
from storage import recovery
from storage.errors import LedgerUnavailable
from storage.presence import processes
from storage.records import LedgerEntry
from tests.budget.purse import Engines, monthly, open_purse, usd, used
from tests.waiting import eventually


async def test_it_says_why_it_is_not_ready(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        assert proxy.lifeline.why_not_ready == ""
        await purse.link.command("FLUSHALL")
        await proxy.lifeline.hear()
        assert "empty" in proxy.lifeline.why_not_ready
        with pytest.raises(Unavailable, match="empty"):
            await proxy.admit(1)
        await purse.upkeep.tick()
        await proxy.lifeline.hear()
        assert "no rules" in proxy.lifeline.why_not_ready
        await purse.publish(monthly("1"))
        await purse.until_ready(proxy)


async def test_it_goes_by_the_rules_of_the_new_life(engines: Engines) -> None:
    """Generations are numbered anew in an emptied Redis: number 1 may be other rules."""
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await purse.link.command("FLUSHALL")
        await purse.upkeep.tick()
        agent = monthly("0.01", "agent", match={Dimension.AGENT: "CONTENT"})
        await purse.publish(monthly("1"), agent)
        await purse.until_ready(proxy)
        with pytest.raises(Refused) as refused:
            await proxy.admit(1_000)
        assert refused.value.rule == "agent"


async def test_it_joins_only_once_every_ending_is_repeated(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was away while Redis was rebuilt, and SQL is away when it comes back."""
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        await proxy.settlement.end(grant, used(10_000))
        await proxy.lifeline.stop()
        monkeypatch.setattr(recovery, "BEAT_S", 0.1)
        await purse.link.command("FLUSHALL")
        await purse.upkeep.tick()
        await purse.publish(monthly("1"))
        assert (await purse.counted(purse.rules[0])).posted_nano == 0
        history = proxy.endings._history
        asked = 0

        async def away(hold_id: str) -> Sequence[LedgerEntry]:
            nonlocal asked
            asked += 1
            if asked <= 3:
                raise LedgerUnavailable("SQL is away")
            return await history(hold_id)

        monkeypatch.setattr(proxy.endings, "_history", away)
        for _ in range(3):
            with pytest.raises(LedgerUnavailable):
                await proxy.lifeline.hear()
            assert not proxy.lifeline.ready
        await proxy.lifeline.hear()
        assert proxy.lifeline.ready
        assert (await purse.counted(purse.rules[0])).posted_nano == usd("0.4")
        assert len(await purse.entries(grant.facts.hold_id)) == 1
        assert (await purse.reconcile()).clean


async def test_it_hears_of_new_rules_by_itself(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await purse.publish(monthly("2", "renamed"))

        async def heard() -> bool:
            book = proxy.lifeline.rulebook
            return book is not None and book.rules == purse.rules

        await eventually(heard, "the new rules")


async def test_it_signs_off_only_without_holds(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        busy, idle = await purse.process("busy"), await purse.process("idle")
        await busy.admit(1)
        await busy.lifeline.stop()
        await idle.lifeline.stop()
        assert set(await processes(purse.link)) & {"busy", "idle"} == {"busy"}
