"""One generation of rules is in force, and no two publishers each think it is theirs."""

import pytest

from config.rules import Counts, Dimension, Rule, Window
from storage import generations
from storage.errors import NotReady
from storage.generations import NewCounter, load, publish
from storage.holds import Interval
from storage.snapshot import read_standing
from tests.budget.purse import Engines, Purse, meanwhile, monthly, open_purse, usd

RULE = Rule(
    "all of it", usd("9007199.254740991"), Window.WEEK, "Asia/Kolkata",
    {Dimension.AGENT: "SEO"}, (Dimension.CAMPAIGN, Dimension.KEY), Counts.DEARER, (500,),
    (usd("1"), usd("2")), locked=True,
)  # fmt: skip


async def attempt(purse: Purse, number_before: str, drained: int, *fresh: NewCounter) -> str:
    before = await load(purse.link)
    assert before is not None
    stale = generations.Generation(number_before, before.digest, before.rules)
    epoch = (await read_standing(purse.link)).epoch
    return await publish(
        purse.link, purse.ledger, epoch, stale, (monthly("2"),), "d", fresh, drained
    )


async def test_rules_are_read_as_they_were_published(engines: Engines) -> None:
    async with open_purse(engines, RULE, monthly("1")) as purse:
        found = await load(purse.link)
        assert found is not None
        assert found.rules == (RULE, monthly("1"))
        assert found.number == "1"
        await purse.publish(RULE)
        after = await load(purse.link)
        assert after is not None
        assert (after.number, after.rules) == ("2", (RULE,))
        await purse.link.command("FLUSHALL")
        assert await load(purse.link) is None


async def test_who_was_overtaken_is_told(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        assert await attempt(purse, "7", 0) == "moved"
        now_ms = (await read_standing(purse.link)).now_ms
        over = NewCounter(RULE, Interval(now_ms - 2, now_ms - 1))
        assert await attempt(purse, "1", 0, over) == "stale"
        current = NewCounter(RULE, Interval(now_ms - 1000, now_ms + 10**8))
        await proxy.spend(1)
        await purse.outbox.drain()
        assert await attempt(purse, "1", 0, current) == "drained"
        assert await attempt(purse, "1", 1, current) == "published"
        await purse.link.command("FLUSHALL")
        with pytest.raises(NotReady):
            await publish(purse.link, purse.ledger, "", None, (), "d", (), 0)


async def test_a_reader_never_mixes_two_generations(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:

        async def read() -> None:
            found = await load(purse.link)
            assert found is not None
            (rule,) = found.rules
            assert found.digest == f"digest-{rule.name}={rule.limit_nano}"

        async with meanwhile(*[read] * 4):
            for limit in range(2, 20):
                await purse.publish(monthly(str(limit)))
