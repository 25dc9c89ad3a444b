"""A new counter starts with what was spent already; a rename or another limit keeps its money."""

import asyncio
from functools import partial

import pytest

from budget.errors import Refused
from budget.publication import Publication
from budget.windows import current_window
from config.rules import Counts, Dimension, Rule, Window
from storage import generations, holds
from storage.records import Outcome, Status
from storage.redis_link import PREFIX
from storage.snapshot import Counted, read_standing
from tests.budget.purse import (
    PRICING,
    Engines,
    Process,
    Purse,
    facts,
    meanwhile,
    monthly,
    open_purse,
    usd,
    used,
    worst,
)

ALL = monthly("100", "all")
EACH = monthly("10", "each", each=(Dimension.CAMPAIGN,))
SEO = monthly("10", "seo", match={Dimension.AGENT: "SEO"})


@pytest.fixture
def engines(valkey_url: str, database_url: str) -> Engines:
    """Both databases: new counters are summed in SQL."""
    return Engines(valkey_url, database_url)


async def busy(purse: Purse) -> Process:
    """0.4 drained, 0.2 in the outbox, 0.1 held, 0.2 assumed; all of campaign spring."""
    proxy = await purse.process()
    await proxy.spend(10_000, "spring")
    await purse.outbox.drain()
    await proxy.spend(5_000, "Spring")
    await proxy.admit(2_500, "SPRING")
    await proxy.settlement.end(await proxy.admit(5_000, "spring"), Outcome(Status.ASSUMED))
    return proxy


SPENT = Counted(usd("0.8"), usd("0.1"))


async def test_a_new_rule_knows_what_was_spent_before_it(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        proxy = await busy(purse)
        provider = monthly("1", "provider", counts=Counts.PROVIDER)
        await purse.publish(ALL, EACH, SEO, provider)
        assert await purse.counted(EACH, "spring") == SPENT
        assert await purse.counted(SEO) == Counted(0, 0)
        assert await purse.counted(provider) == Counted(0, 0)
        with pytest.raises(Refused) as refused:
            await proxy.admission.admit(facts("spring"), worst(230_000), PRICING)
        assert refused.value.rule == "each"
        assert (await purse.reconcile()).clean


async def test_what_a_new_rule_took_over_ends_in_it(engines: Engines) -> None:
    async with open_purse(engines) as purse:
        proxy = await purse.process()
        held = [await proxy.admit(10_000, "spring") for _ in range(3)]
        assumed = await proxy.admit(10_000, "spring")
        await proxy.settlement.end(assumed, Outcome(Status.ASSUMED))
        await purse.publish(EACH)
        assert await purse.counted(EACH, "spring") == Counted(usd("0.4"), usd("1.2"))
        await proxy.settlement.end(held[0], used(5_000))
        await proxy.settlement.end(held[1], Outcome(Status.VOIDED))
        await proxy.settlement.end(assumed, used(2_500))
        assert await purse.counted(EACH, "spring") == Counted(usd("0.3"), usd("0.4"))
        assert (await purse.reconcile()).clean


async def test_a_rename_and_a_limit_keep_the_money(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        await busy(purse)
        await purse.publish(monthly("0.5", "under another name"))
        assert await purse.counted(ALL) == SPENT


async def test_the_same_rules_are_not_published_twice(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        before = await generations.load(purse.link)
        await purse.publish(ALL)
        assert await generations.load(purse.link) == before
        assert before is not None
        assert before.rules == (ALL,)


async def test_a_rule_that_comes_back_knows_what_it_missed(engines: Engines) -> None:
    async with open_purse(engines, ALL, EACH) as purse:
        proxy = await busy(purse)
        kept = await proxy.admit(2_500, "spring")
        await purse.publish(ALL)
        await proxy.settlement.end(kept, used(1_250))
        await proxy.spend(2_500, "spring")
        await proxy.admit(2_500, "autumn")
        await purse.publish(ALL, EACH)
        assert await purse.counted(EACH, "spring") == Counted(usd("0.95"), usd("0.1"))
        assert await purse.counted(EACH, "autumn") == Counted(0, usd("0.1"))
        assert (await purse.reconcile()).clean


async def test_what_shared_a_budget_still_does_when_its_rule_comes_back(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "EACH_VALUES_MAX", 1)
    async with open_purse(engines, ALL, EACH) as purse:
        proxy = await purse.process()
        await proxy.spend(2_500, "own")
        held = await proxy.admit(2_500, "shared")
        await proxy.spend(2_500, "shared")
        await purse.publish(ALL)
        await purse.publish(ALL, EACH)
        assert await purse.counted(EACH, "other") == Counted(usd("0.1"), usd("0.1"))
        assert await purse.counted(EACH, "shared") == Counted(0, 0)
        await proxy.settlement.end(held, used(1_250))
        assert await purse.counted(EACH, "other") == Counted(usd("0.15"), 0)
        assert (await purse.reconcile()).clean


async def test_windows_that_are_over_are_left_to_the_ledger(engines: Engines) -> None:
    """A rule that was away while its window ended would keep a counter that says too little."""
    hourly = Rule("hourly", usd("1"), Window.HOUR, "UTC")
    async with open_purse(engines, ALL, hourly) as purse:
        window_end = current_window(hourly, (await read_standing(purse.link)).now_ms).start_ms
        old = f"{hourly.counter}:{window_end - 3_600_000}"
        await purse.link.command("HSET", PREFIX + "counters", old, str(window_end))
        await purse.link.command("HSET", f"{PREFIX}c:{old}", ":p", "7", ":h", "0")
        assert not (await purse.reconcile()).clean
        await purse.publish(ALL)
        await purse.publish(ALL, hourly)
        assert (await purse.reconcile()).clean


async def test_two_janitors_publish_one_generation(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        await busy(purse)
        wanted = (ALL, EACH, SEO)
        first, second = await asyncio.gather(
            *(Publication(purse.link, purse.ledger).publish(wanted, "same") for _ in range(2))
        )
        assert first == second
        assert await purse.counted(EACH, "spring") == SPENT


async def test_publishing_under_load_loses_nothing(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        proxies = [await purse.process(f"proxy-{n}") for n in range(2)]
        calls = [
            partial(proxy.use, 10, 7, name) for proxy in proxies for name in ("spring", "autumn")
        ]
        async with meanwhile(*calls, purse.outbox.tick):
            for rules in ((ALL, EACH), (ALL, SEO), (EACH,), (), (ALL, EACH, SEO)):
                await purse.publish(*rules)
                assert (await purse.reconcile()).clean
        report = await purse.reconcile()
        assert report.clean
        assert (await purse.counted(ALL)).held_nano == 0
        assert (await purse.counted(ALL)).posted_nano == sum(
            [(await purse.counted(EACH, name)).posted_nano for name in ("spring", "autumn")]
        )
