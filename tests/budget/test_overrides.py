"""Limits set over the file's: what binds, what may not be set, and what outlives a failure."""

import pytest

from budget import campaigns
from budget.check import facts_of, would_refuse
from budget.errors import Locked, NoSuchRule, PastMonth, Refused
from budget.overrides import Limits, Wanted, campaign_rule
from config.rules import Dimension, Rule
from tests.budget.purse import Engines, monthly, open_purse, usd

DAY_MS = 86_400_000


def wanted(rule: Rule, limit: str | None, **more: object) -> Wanted:
    nano = None if limit is None else usd(limit)
    fields = {"at_ms": None, "who": "boss", "place": "test", "why": "", **more}
    return Wanted(rule, nano, **fields)  # type: ignore[arg-type]


async def test_a_limit_binds_for_its_window_or_until_changed(engines: Engines) -> None:
    rule = monthly("1")
    async with open_purse(engines, rule) as purse:
        process = await purse.process()
        now_ms = process.lifeline.now_ms()
        limits = Limits(process.link, purse.ledger, process.lifeline.now_ms)
        await limits.set(wanted(rule, "0.1"))
        with pytest.raises(Refused) as refused:
            await process.admit(10_000)
        assert refused.value.limit_nano == usd("0.1")
        state = await limits.set(wanted(rule, "2", at_ms=now_ms))
        assert state.version == 2
        await process.spend(40_000)
        # A limit for a later month changes nothing now.
        await limits.set(wanted(rule, "9", at_ms=now_ms + 40 * DAY_MS))
        with pytest.raises(Refused) as refused:
            await process.admit(40_000)
        assert refused.value.limit_nano == usd("2")
        with pytest.raises(PastMonth):
            await limits.set(wanted(rule, "2", at_ms=now_ms - 40 * DAY_MS))


async def test_a_rule_that_ops_lock_takes_none_and_forgets_none(engines: Engines) -> None:
    rule, locked = monthly("1"), monthly("1", locked=True)
    async with open_purse(engines, rule) as purse:
        process = await purse.process()
        limits = Limits(process.link, purse.ledger, process.lifeline.now_ms)
        await limits.set(wanted(rule, "0.1"))
        with pytest.raises(Locked):
            await limits.set(wanted(locked, "5"))
        await purse.publish(locked)
        look = await would_refuse(process.lifeline, facts_of("a", "b", "c", "d", "e"), 0)
        assert [level.limit_nano for level in look.levels] == [usd("1")]
        await purse.publish(rule)
        await purse.publish(monthly("3"))
        look = await would_refuse(process.lifeline, facts_of("a", "b", "c", "d", "e"), 0)
        assert [level.limit_nano for level in look.levels] == [usd("0.1")]


async def test_a_paused_campaign_is_refused_by_name(engines: Engines) -> None:
    rule = monthly("1", "per-campaign", each=(Dimension.CAMPAIGN,))
    async with open_purse(engines, rule) as purse:
        process = await purse.process()
        said = ("boss", "test", "over")
        await campaigns.set_status(process.link, purse.ledger, "Spring", "paused", *said)
        with pytest.raises(Refused, match="campaign_paused"):
            await process.admit(1, "spring")
        await purse.publish(monthly("5"))
        with pytest.raises(Refused, match="campaign_paused"):
            await process.admit(1, "spring")
        await campaigns.set_status(process.link, purse.ledger, "spring", "active", *said)
        await process.admit(1, "spring")
    assert campaign_rule((monthly("1"), rule)) == rule
    with pytest.raises(NoSuchRule):
        campaign_rule((monthly("1"),))
