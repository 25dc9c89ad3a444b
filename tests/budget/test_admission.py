"""What fits is held in every rule at once; what does not is refused by name."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest

from budget.admission import AdmissionLimits
from budget.charge import Pricing
from budget.errors import Refused, Unavailable
from budget.windows import current_window
from config.models import Model, Price, PriceKind
from config.money import NanoPerMillion
from config.rules import Counts, Dimension, Rule, Window, value_digest
from storage import holds
from storage.freeze import set_frozen
from storage.records import Amounts, Outcome, Status
from storage.redis_link import PREFIX
from storage.snapshot import Counted, read_snapshot
from tests.budget.purse import (
    PRICING,
    RATE,
    Engines,
    Process,
    facts,
    monthly,
    open_purse,
    usd,
    used,
    worst,
)

HOUR_MS = 3_600_000
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


async def refusal_of(proxy: Process, tokens: int, campaign: str = "unattributed") -> Refused:
    with pytest.raises(Refused) as refused:
        await proxy.admit(tokens, campaign)
    return refused.value


async def test_windows_turn_by_the_clock_of_redis(engines: Engines) -> None:
    hourly = Rule("hourly", usd("1"), Window.HOUR, "Asia/Kolkata")
    async with open_purse(engines, hourly) as purse:
        proxy = await purse.process()
        book = proxy.lifeline.rulebook
        assert book is not None
        now_ms = proxy.lifeline.now_ms()
        for behind_ms in (HOUR_MS, 3 * HOUR_MS, -5 * HOUR_MS):
            book.turn(now_ms - behind_ms)
            grant = await proxy.admit(1_000)
            (posting,) = grant.postings
            assert posting.window_start_ms <= grant.admitted_ms < posting.window_end_ms
            assert posting.window_end_ms - posting.window_start_ms == HOUR_MS
        assert (await purse.counted(hourly)).held_nano == usd("0.12")


async def test_the_next_call_goes_by_new_rules(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await purse.publish(monthly("0.04"))
        await proxy.admit(1_000)
        assert (await refusal_of(proxy, 1)).limit_nano == usd("0.04")
        await purse.publish()
        grant = await proxy.admit(10**9)
        assert grant.remaining_nano is None
        assert grant.postings == ()
        assert not proxy.admission.budgeted


async def test_a_limit_below_what_is_spent_refuses_until_it_is_raised(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await proxy.spend(10_000)
        await purse.publish(monthly("0.1"))
        refused = await refusal_of(proxy, 1)
        assert (refused.reason, refused.posted_nano) == ("budget_exceeded", usd("0.4"))
        await purse.publish(monthly("0.40004"))
        assert (await proxy.admit(1)).remaining_nano == 0


async def test_the_rule_that_stays_shut_longest_is_named(engines: Engines) -> None:
    # In a week's last hour all of them begin anew at the same moment: then it is Monday's noon.
    now = datetime.now(UTC)
    zone = "Etc/GMT-12" if now.weekday() == 6 and now.hour >= 22 else "UTC"
    rules = [
        Rule(name, usd("0.1"), window, zone)
        for name, window in (
            ("hour", Window.HOUR), ("total", Window.TOTAL),
            ("week", Window.WEEK), ("day", Window.DAY),
        )
    ]  # fmt: skip
    async with open_purse(engines, *rules) as purse:
        proxy = await purse.process()
        refused = await refusal_of(proxy, 2_501)
        assert (refused.rule, refused.resets_at_ms) == ("total", None)
        assert refused.needed_nano == 2_501 * 40_000
        await purse.publish(*rules[:1], *rules[2:])
        refused = await refusal_of(proxy, 2_501)
        assert refused.rule == "week"
        assert refused.resets_at_ms is not None
        assert refused.resets_at_ms > refused.now_ms


async def test_a_spent_rule_goes_before_one_in_flight(engines: Engines) -> None:
    """What no waiting helps is told first, though the other rule is shut longer."""
    hour = Rule("hour", usd("0.4"), Window.HOUR, "UTC", each=(Dimension.CAMPAIGN,))
    total = Rule("total", usd("0.8"), Window.TOTAL, "UTC")
    async with open_purse(engines, hour, total) as purse:
        proxy = await purse.process()
        await proxy.spend(8_000, "spring")
        held = await proxy.admit(9_000, "autumn")
        refused = await refusal_of(proxy, 4_000, "spring")
        assert (refused.reason, refused.rule) == ("budget_exceeded", "hour")
        refused = await refusal_of(proxy, 4_000, "summer")
        assert (refused.reason, refused.rule) == ("budget_in_flight", "total")
        await proxy.settlement.end(held, Outcome(Status.VOIDED))
        await proxy.admit(4_000, "summer")


async def test_a_rule_counts_the_amount_it_says(engines: Engines) -> None:
    """A call of 1,000 tokens: charged 0.04 USD; the provider takes 0.1 USD."""
    rules = tuple(
        monthly("1", counts.value, counts=counts, match={Dimension.CAMPAIGN: "spring"})
        for counts in Counts
    )
    model = Model(
        "m", "chat", prices={PriceKind.INPUT: {"default": Price(NanoPerMillion(100 * 10**9))}}
    )
    dear = Pricing("agent_rate", RATE, model, "test")
    async with open_purse(engines, *rules) as purse:
        proxy = await purse.process()
        grant = await proxy.admission.admit(facts("spring"), worst(1_000), dear)
        assert grant.held == Amounts(usd("0.04"), usd("0.1"))
        assert [(await purse.counted(rule)).held_nano for rule in rules] == [
            usd("0.04"), usd("0.1"), usd("0.1"),
        ]  # fmt: skip
        assert grant.remaining_nano == usd("0.9")
        await proxy.settlement.end(grant, used(500))
        assert [(await purse.counted(rule)).posted_nano for rule in rules] == [
            usd("0.02"), usd("0.05"), usd("0.05"),
        ]  # fmt: skip
        assert (await purse.reconcile()).clean
        with pytest.raises(Refused) as refused:
            await proxy.admission.admit(facts("spring"), worst(9_900), dear)
        assert refused.value.rule in ("provider", "dearer")


async def test_a_lowered_ceiling_minds_both_moneys(engines: Engines) -> None:
    """20 tokens of the rate card cost what 10 cost by the provider's: the provider's rule binds."""
    model = Model(
        "m", "chat", prices={PriceKind.OUTPUT: {"default": Price(NanoPerMillion(80 * 10**9))}}
    )
    async with open_purse(engines, monthly("20", counts=Counts.DEARER)) as purse:
        proxy = await purse.process()
        dear = Pricing("agent_rate", RATE, model, "test")
        grant = await proxy.admission.admit(facts(), IMPLICIT, dear)
        assert grant.output_ceiling == 12_500
        assert grant.held.provider == usd("1")
        grant = await proxy.admission.admit(
            facts(), worst(0, 3_000, explicit=False, lowerable=True, min_output_tokens=4_096), dear
        )
        assert (grant.output_ceiling, grant.lowered) == (3_000, False), "it was below the least"


async def test_the_freeze_refuses_every_call_and_the_thaw_lets_them_pass(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        assert await set_frozen(purse.link, "ann", "cli", "runaway agent", frozen=True)
        refused = await refusal_of(proxy, 1)
        assert (refused.reason, refused.rule, refused.limit_nano) == ("frozen", None, None)
        assert await set_frozen(purse.link, "ann", "cli", "mended", frozen=False)
        await proxy.admit(1)


async def test_a_full_outbox_closes_admission_until_it_is_drained(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        proxy.limits = AdmissionLimits(50, outbox_bytes_max=1_000)
        for _ in range(2):
            await proxy.spend(1)
        with pytest.raises(Unavailable, match="wait for SQL"):
            await proxy.spend(1)
        await purse.outbox.drain()
        await proxy.spend(1)


async def test_overrides_bind_the_next_call(engines: Engines) -> None:
    per_campaign = monthly("0.4", "per-campaign", each=(Dimension.CAMPAIGN,))
    async with open_purse(engines, per_campaign) as purse:
        proxy = await purse.process()
        window = current_window(per_campaign, proxy.lifeline.now_ms())
        overrides, counter = PREFIX + "overrides", per_campaign.counter
        await purse.link.command("HSET", overrides, counter, usd("0.2"))
        assert (await refusal_of(proxy, 5_001)).limit_nano == usd("0.2")
        # One value's own goes before that of the whole rule, for this window alone.
        one = f"{counter}/{value_digest('spring')}@{window.start_ms}"
        await purse.link.command("HSET", overrides, one, usd("0.8"))
        assert (await proxy.admit(20_000, "Spring")).remaining_nano == 0
        assert (await refusal_of(proxy, 5_001, "autumn")).limit_nano == usd("0.2")
        # One for another window does not bind in this.
        later = f"{counter}@{window.end_ms}"
        await purse.link.command("HDEL", overrides, counter)
        await purse.link.command("HSET", overrides, later, usd("9"))
        assert (await refusal_of(proxy, 10_001, "autumn")).limit_nano == usd("0.4")
        await purse.link.command("HDEL", overrides, one, later)
        assert (await refusal_of(proxy, 1, "spring")).limit_nano == usd("0.4")


async def test_values_beyond_the_bound_share_one_budget(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "EACH_VALUES_MAX", 3)
    per_campaign = monthly("0.4", "per-campaign", each=(Dimension.CAMPAIGN,))
    async with open_purse(engines, per_campaign) as purse:
        proxy = await purse.process()
        grants = [await proxy.admit(5_000, f"c{n}") for n in range(3)]
        shared = [await proxy.admit(5_000, name) for name in ("late", "later")]
        assert {grant.postings[0].value for grant in shared} == {"other"}
        assert (await refusal_of(proxy, 1, "last")).rule == "per-campaign"
        # What has its own value keeps it.
        assert (await proxy.admit(5_000, "c0")).remaining_nano == 0
        # A value with nothing posted or held gives its place back.
        await proxy.settlement.end(grants[1], Outcome(Status.VOIDED))
        assert (await proxy.admit(5_000, "last")).postings[0].value == value_digest("last")
        await proxy.settlement.end(shared[0], used(2_000))
        (entry,) = await purse.entries(shared[0].facts.hold_id)
        assert entry.overflow == (per_campaign.counter,)
        assert (await purse.counted(per_campaign, "other")) == Counted(usd("0.08"), usd("0.2"))
        assert (await purse.reconcile()).clean


async def test_a_caller_that_leaves_while_redis_is_asked_leaves_no_hold(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        for steps in range(8):
            asking = asyncio.create_task(proxy.admit(1_000))
            for _ in range(steps):
                await asyncio.sleep(0)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await proxy.settlement.end(await asking, Outcome(Status.VOIDED))
        assert await proxy.settlement.wait_until_acknowledged(5)
        snapshot = await read_snapshot(purse.link)
        assert snapshot.holds == ()
        assert (await purse.counted(purse.rules[0])).held_nano == 0
