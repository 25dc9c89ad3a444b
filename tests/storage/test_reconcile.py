"""Every difference between Redis and the ledger is found, named and mended while calls go on."""

from functools import partial

import pytest

from config.rules import Dimension, value_digest
from storage.errors import NotReady
from storage.reconcile import repair
from storage.records import Outcome, Status
from storage.redis_link import META, PREFIX
from storage.snapshot import Counted, read_snapshot
from tests.budget.purse import Engines, Purse, meanwhile, monthly, open_purse, usd

ALL = monthly("100", "all")
EACH = monthly("10", "each", each=(Dimension.CAMPAIGN,))


async def spoil(purse: Purse, name: str, value: str, field: str, by: int) -> None:
    """Change a counter by hand, as no script does."""
    rule = next(rule for rule in purse.rules if rule.name == name)
    counters = (await read_snapshot(purse.link)).counters
    (counter,) = [found for found in counters if found.counter == rule.counter]
    key = f"{PREFIX}c:{counter.counter}:{counter.window.start_ms}"
    await purse.link.command("HINCRBY", key, f"{value}:{field}", str(by))


async def test_differences_are_named_and_mended(both_engines: Engines) -> None:
    async with open_purse(both_engines, ALL, EACH) as purse:
        proxy = await purse.process()
        await proxy.spend(10_000, "spring")
        await proxy.admit(10_000, "spring")
        await proxy.settlement.end(await proxy.admit(100, "spring"), Outcome(Status.ASSUMED))
        assert (await purse.reconcile()).clean
        spring = value_digest("spring")
        await spoil(purse, "all", "", "p", -5)
        await spoil(purse, "each", spring, "h", 7)
        await spoil(purse, "each", "nobody", "p", 3)
        report = await purse.reconcile()
        found = {(d.rule, d.value, d.kind): d.off_nano for d in report.differences}
        assert found == {
            ("all", "", "posted"): 5,
            ("each", spring, "held"): -7,
            ("each", "nobody", "posted"): -3,
        }
        assert not report.clean
        await repair(purse.link, report)
        assert (await purse.reconcile()).clean
        assert await purse.counted(EACH, "spring") == Counted(usd("0.404"), usd("0.4"))


async def test_a_counter_that_vanished_is_filled_again(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        proxy = await purse.process()
        await proxy.spend(10_000)
        await proxy.admit(10_000)
        for key in await purse.link.command("KEYS", PREFIX + "c:*"):
            await purse.link.command("DEL", key)
        await repair(purse.link, await purse.reconcile())
        assert await purse.counted(ALL) == Counted(usd("0.4"), usd("0.4"))


async def test_numbers_that_never_reached_sql_are_named(both_engines: Engines) -> None:
    async with open_purse(both_engines, ALL) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000)
        await purse.link.command("HINCRBY", META, "seq", "2")
        await proxy.spend(1_000)
        report = await purse.reconcile()
        assert (report.missing, report.seq) == (((2, 3),), 4)
        assert report.differences == ()
        assert not report.clean


async def test_a_repair_under_load_makes_it_clean(engines: Engines) -> None:
    async with open_purse(engines, ALL, EACH) as purse:
        proxies = [await purse.process(f"proxy-{n}") for n in range(2)]
        await proxies[0].spend(10, "spring")
        calls = [
            partial(proxy.use, 10, 7, name) for proxy in proxies for name in ("spring", "autumn")
        ]
        async with meanwhile(*calls):
            for _ in range(4):
                await spoil(purse, "all", "", "p", 1_000)
                await spoil(purse, "each", value_digest("spring"), "h", -50)
                report = await purse.reconcile()
                assert len(report.differences) == 2, report.differences
                await repair(purse.link, report)
                assert (await purse.reconcile()).clean
        assert (await purse.reconcile()).clean


async def test_nothing_is_compared_or_mended_in_another_life(engines: Engines) -> None:
    async with open_purse(engines, ALL) as purse:
        proxy = await purse.process()
        await proxy.spend(10)
        await spoil(purse, "all", "", "p", 1)
        report = await purse.reconcile()
        await purse.link.command("FLUSHALL")
        with pytest.raises(NotReady, match="lost"):
            await purse.reconcile()
        with pytest.raises(NotReady):
            await repair(purse.link, report)


async def test_windows_that_take_no_more_are_not_compared(engines: Engines) -> None:
    """Nine days after its end a counter is gone, and its place on the list a little later."""
    async with open_purse(engines, ALL) as purse:
        now_ms = (await read_snapshot(purse.link)).now_ms
        day = 86_400_000
        for days, compared in ((7, True), (9, False), (40, False)):
            end = now_ms - days * day
            name = f"{ALL.counter}:{end - day}"
            await purse.link.command("HSET", PREFIX + "counters", name, str(end))
            await purse.link.command("HSET", f"{PREFIX}c:{name}", ":p", "5", ":h", "0")
            assert (len((await purse.reconcile()).differences) == 1) is compared
            await purse.link.command("HDEL", PREFIX + "counters", name)
