"""A hold ends once, whatever comes twice, late, for more, or after the caller has gone."""

import asyncio
import logging

import pytest

from budget.errors import Unavailable
from config.rules import Rule, Window
from storage.holds import Interval, Reserve, RuleCheck
from storage.records import Amounts, Flag, Outcome, Status, Usage
from storage.redis_link import PREFIX
from storage.snapshot import Counted, read_snapshot
from tests.budget.purse import (
    PRICING,
    Engines,
    Process,
    Purse,
    facts,
    monthly,
    open_purse,
    usd,
    used,
    worst,
)
from tests.waiting import eventually

RULE = monthly("1")
NOTHING = Counted(0, 0)


async def counted(purse: Purse) -> Counted:
    return await purse.counted(purse.rules[0])


@pytest.mark.parametrize(
    ("outcome", "charge_usd", "status"),
    [
        (used(4_000), "0.16", Status.SETTLED),
        (used(10_000), "0.4", Status.SETTLED),
        (Outcome(Status.SETTLED), "0", Status.SETTLED),
        (Outcome(Status.FAILED, http_status=500), "0", Status.FAILED),
        (Outcome(Status.FAILED, Usage(4_000)), "0.16", Status.FAILED),
        (Outcome(Status.VOIDED), "0", Status.VOIDED),
        (Outcome(Status.ASSUMED), "0.4", Status.ASSUMED),
    ],
)
async def test_an_end_releases_the_hold_and_posts_the_charge(
    engines: Engines, outcome: Outcome, charge_usd: str, status: Status
) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        receipt = await proxy.settlement.end(grant, outcome)
        assert receipt.amounts.charge == usd(charge_usd)
        assert receipt.remaining_nano == usd("1") - usd(charge_usd)
        assert await counted(purse) == Counted(usd(charge_usd), 0)
        assert (await read_snapshot(purse.link)).holds == ()
        (entry,) = await purse.entries(grant.facts.hold_id)
        assert (entry.status, entry.charge_nano) == (status, usd(charge_usd))
        assert (Flag.ESTIMATED in entry.flags) == (status is Status.ASSUMED)
        assert (await purse.reconcile()).clean


async def test_the_same_end_again_changes_nothing(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        for outcome in (used(4_000), Outcome(Status.VOIDED), Outcome(Status.ASSUMED)):
            grant = await proxy.admit(5_000)
            first = await proxy.settlement.end(grant, outcome)
            before = await counted(purse)
            for _ in range(2):
                assert (await proxy.settlement.end(grant, outcome)).amounts == first.amounts
            assert await counted(purse) == before
            assert len(await purse.entries(grant.facts.hold_id)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (used(4_000), used(4_001)),
        (used(4_000), Outcome(Status.VOIDED)),
        (Outcome(Status.VOIDED), used(4_000)),
        (used(4_000), Outcome(Status.ASSUMED)),
    ],
)
async def test_another_end_raises_an_alarm_and_changes_nothing(
    engines: Engines, caplog: pytest.LogCaptureFixture, first: Outcome, second: Outcome
) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(5_000)
        await proxy.settlement.end(grant, first)
        before = await counted(purse)
        await proxy.settlement.end(grant, second)
        assert await counted(purse) == before
        assert len(await purse.entries(grant.facts.hold_id)) == 1
        alarms = [r.getMessage() for r in caplog.records if r.levelno == logging.CRITICAL]
        assert alarms == ["a hold was told to end twice"]
        assert proxy.endings.unacknowledged == 0


async def test_a_charge_above_its_hold_is_posted_in_full_and_flagged(
    engines: Engines, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        receipt = await proxy.settlement.end(grant, used(30_000))
        assert receipt.amounts.charge == usd("1.2")
        assert receipt.remaining_nano == -usd("0.2")
        assert Flag.OVER_HOLD in receipt.flags
        assert await counted(purse) == Counted(usd("1.2"), 0)
        (entry,) = await purse.entries(grant.facts.hold_id)
        assert Flag.OVER_HOLD in entry.flags
        assert entry.held_nano == usd("0.4")
        assert "a charge is above its hold" in caplog.text


async def test_an_assumed_call_is_corrected_by_its_late_end(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        for late, charge in ((used(4_000), "0.16"), (Outcome(Status.VOIDED), "0")):
            before = (await counted(purse)).posted_nano
            grant = await proxy.admit(5_000)
            await proxy.settlement.end(grant, Outcome(Status.ASSUMED))
            for _ in range(2):
                receipt = await proxy.settlement.end(grant, late)
                assert receipt.amounts.charge == usd(charge)
            assert await counted(purse) == Counted(before + usd(charge), 0)
            entries = await purse.entries(grant.facts.hold_id)
            assert [e.charge_nano for e in entries] == [usd("0.2"), usd(charge) - usd("0.2")]
            assert [e.status for e in entries] == [Status.ASSUMED, Status.CORRECTION]
        assert (await purse.reconcile()).clean


async def hold_in(proxy: Process, rule: Rule, window: Interval) -> Reserve:
    """Hold 0.4 USD under a window made by hand."""
    book = proxy.lifeline.rulebook
    assert book is not None
    after = Interval(window.end_ms, window.end_ms + 3_600_000)
    amount, none = Amounts(usd("0.4"), 0), Amounts()
    check = RuleCheck(rule.name, rule.counter, rule.counts.value, "", window, after)
    ask = Reserve(facts(), [check], amount, 0, amount, none, 0, 50, 1 << 30, "test")
    held = await proxy.holds.reserve(ask, book.generation.number)
    assert getattr(held, "amounts", None) == amount, held
    return ask


async def test_a_call_belongs_to_the_window_of_its_admission(engines: Engines) -> None:
    """However late it settles, or is corrected, and whatever window is then current."""
    hourly = Rule("hourly", usd("1"), Window.HOUR, "UTC")
    async with open_purse(engines, hourly) as purse:
        proxy = await purse.process()
        now_ms = (await read_snapshot(purse.link)).now_ms
        brief = Interval(now_ms - 1_000, now_ms + 400)
        settled, assumed = [await hold_in(proxy, hourly, brief) for _ in range(2)]

        async def is_over() -> bool:
            return (await read_snapshot(purse.link)).now_ms >= brief.end_ms

        await eventually(is_over, "the end of the window")
        following = await hold_in(proxy, hourly, brief)
        for ask, status, charge in (
            (settled, Status.SETTLED, "0.1"),
            (assumed, Status.ASSUMED, "0.4"),
            (assumed, Status.SETTLED, "0.3"),
        ):
            amounts = Amounts(usd(charge), 0)
            await proxy.holds.end(
                ask.facts, Outcome(status), amounts, frozenset(), "test", now_ms, ()
            )
        by_window = {c.window: c.values[""] for c in (await read_snapshot(purse.link)).counters}
        assert by_window.pop(brief) == Counted(usd("0.4"), 0)
        assert list(by_window.values()) == [Counted(0, usd("0.4"))]
        assert following.facts.hold_id in {
            h.hold_id for h in (await read_snapshot(purse.link)).holds
        }


async def test_a_settle_that_redis_knows_nothing_of_is_posted_in_full(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        for key in await purse.link.command("KEYS", f"{PREFIX}hold:*"):
            await purse.link.command("DEL", key)
        await purse.link.command("DEL", PREFIX + "open")
        receipt = await proxy.settlement.end(grant, used(4_000))
        assert receipt.amounts.charge == usd("0.16")
        (entry,) = await purse.entries(grant.facts.hold_id)
        assert entry.flags >= {Flag.RECOVERED}
        assert (await counted(purse)).posted_nano == usd("0.16")


async def test_a_void_that_comes_first_refuses_the_late_reserve(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        late = facts()
        proxy.settlement.void_unknown(late, PRICING)
        assert await proxy.settlement.wait_until_acknowledged(5)
        with pytest.raises(Unavailable, match="late reserve is not carried out"):
            await proxy.admission.admit(late, worst(1_000), PRICING)
        assert await counted(purse) == NOTHING
        assert await purse.entries(late.hold_id) == []


async def test_the_end_of_a_cancelled_task_is_not_lost(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        for steps in range(6):
            grant = await proxy.admit(1_000)
            ending = asyncio.create_task(proxy.settlement.end(grant, used(500)))
            for _ in range(steps):
                await asyncio.sleep(0)
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
            if steps == 0:
                # It never began to run: whoever cancels a task that has not started ends it.
                await proxy.settlement.end(grant, used(500))
        assert await proxy.settlement.wait_until_acknowledged(5)
        assert await counted(purse) == Counted(6 * usd("0.02"), 0)
        assert (await purse.reconcile()).clean


async def test_an_end_while_redis_is_rebuilt_is_carried_out_after_it(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        await purse.link.command("FLUSHALL")
        receipt = await proxy.settlement.end(grant, used(4_000))
        assert receipt.amounts.charge == usd("0.16")
        assert receipt.remaining_nano == grant.remaining_nano
        assert proxy.endings.unacknowledged == 1
        await purse.upkeep.tick()
        await purse.publish(RULE)
        assert await proxy.settlement.wait_until_acknowledged(10)
        (entry,) = await purse.entries(grant.facts.hold_id)
        assert entry.charge_nano == usd("0.16")
        assert await counted(purse) == Counted(usd("0.16"), 0)
        assert (await purse.reconcile()).clean


async def test_an_end_that_cannot_be_written_down_is_told_and_keeps_nobody_waiting(
    engines: Engines,
) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(1_000)
        unwritable = Outcome(Status.SETTLED, Usage(600), served_model="half a pair: \ud800")
        async with asyncio.timeout(5):
            with pytest.raises(TypeError, match="UTF-8"):
                await proxy.settlement.end(grant, unwritable)


async def test_a_response_is_remembered_with_its_tokens(engines: Engines) -> None:
    async with open_purse(engines, RULE) as purse:
        proxy = await purse.process()
        assert await proxy.admission.response_tokens("resp_1") is None
        grant = await proxy.admit(1_000)
        outcome = Outcome(Status.SETTLED, Usage(600, 300), response_id="resp_1")
        await proxy.settlement.end(grant, outcome)
        assert await proxy.admission.response_tokens("resp_1") == 900
        assert await proxy.admission.response_tokens("resp_2") is None
        assert b"resp_1" not in b"".join(await purse.link.command("KEYS", "*"))
