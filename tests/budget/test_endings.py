"""What a process has ended is kept until SQL has it, and then no longer."""

import logging
from dataclasses import replace

import pytest

from budget import endings
from budget.endings import Ending, Endings
from storage.errors import LedgerUnavailable
from storage.holds import HoldStore
from storage.records import Amounts, LedgerEntry, Outcome, Status
from storage.redis_link import PREFIX, RedisLink
from tests.budget.purse import (
    Engines,
    Process,
    Purse,
    facts,
    monthly,
    open_purse,
    usd,
    used,
)
from tests.waiting import eventually

LONG_MS = 9 * 86_400_000


def ending_of(entry: LedgerEntry, proxy: Process, **changes: object) -> Ending:
    """The ending that led to an entry, as the process would say it again."""
    plain = Ending(
        facts(hold_id=entry.hold_id), Outcome(Status.SETTLED), Amounts(entry.charge_nano),
        frozenset(), "test", entry.admitted_ms, (), proxy.holds.epoch,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


async def forget_holds(purse: Purse) -> None:
    """What Redis does by itself after eight days."""
    for key in await purse.link.command("KEYS", PREFIX + "hold:*"):
        await purse.link.command("DEL", key)


async def test_an_ending_is_kept_until_it_stands_in_sql(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000)
        assert proxy.endings.open == {}
        assert await proxy.endings.repeat(None) == 1
        await purse.outbox.drain()

        async def is_forgotten() -> bool:
            return await proxy.endings.repeat(None) == 0

        await eventually(is_forgotten, "the ending forgotten")


async def test_memory_is_bounded(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(endings, "KEPT_MAX", 3)
    link = RedisLink(valkey_url)

    async def nothing(hold_id: str) -> list[LedgerEntry]:
        raise LedgerUnavailable("SQL is away")

    kept = Endings(HoldStore(link, "proxy-1"), nothing)
    for _ in range(5):
        kept.keep(
            Ending(facts(), used(1), Amounts(1, 1), frozenset(), "test", 0, (), "")
        )  # fmt: skip
    assert kept.unacknowledged == 3
    assert caplog.messages.count("an ending was dropped before it stood in SQL") == 2
    await link.close()


async def test_what_only_sql_remembers_is_not_posted_twice(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(1_000)
        (entry,) = await purse.entries(grant.facts.hold_id)
        await forget_holds(purse)
        late = entry.admitted_ms + LONG_MS
        assert await proxy.endings.attempt(ending_of(entry, proxy), late) is None
        assert len(await purse.entries(grant.facts.hold_id)) == 1
        assert (await purse.reconcile()).clean


async def test_another_amount_than_sql_has_raises_an_alarm(
    engines: Engines, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.spend(1_000)
        (entry,) = await purse.entries(grant.facts.hold_id)
        await forget_holds(purse)
        other = ending_of(entry, proxy, amounts=Amounts(usd("0.5"), 0))
        assert await proxy.endings.attempt(other, entry.admitted_ms + LONG_MS) is None
        assert [r.getMessage() for r in caplog.records if r.levelno == logging.CRITICAL] == [
            "a hold was told to end twice"
        ]
        assert len(await purse.entries(grant.facts.hold_id)) == 1


async def test_what_sql_knows_as_assumed_is_corrected(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        await proxy.settlement.end(grant, Outcome(Status.ASSUMED))
        (entry,) = await purse.entries(grant.facts.hold_id)
        await forget_holds(purse)
        truth = ending_of(
            entry, proxy, amounts=Amounts(usd("0.1"), 0), postings=grant.postings
        )  # fmt: skip
        ended = await proxy.endings.attempt(truth, entry.admitted_ms + LONG_MS)
        assert ended is not None
        assert (ended.what, ended.totals.charge) == ("corrected", usd("0.1"))
        _, second = await purse.entries(grant.facts.hold_id)
        assert second.charge_nano == usd("0.1") - usd("0.4")
        assert (await purse.counted(purse.rules[0])).posted_nano == usd("0.1")
        assert (await purse.reconcile()).clean
