"""What is settled reaches SQL once, whoever carries it and whatever SQL refuses."""

import asyncio

import pytest

from budget.errors import Refused
from storage.errors import LedgerUnavailable, NotReady
from storage.ledger import Ledger, Search
from storage.outbox import Outbox, close_refusals, quarantined
from storage.records import Status
from storage.redis_link import META, PREFIX
from storage.snapshot import read_snapshot
from tests.budget.purse import Engines, Purse, monthly, open_purse


async def rows(purse: Purse) -> int:
    return await purse.ledger.max_seq()


async def test_two_janitors_carry_each_entry_once(both_engines: Engines) -> None:
    async with open_purse(both_engines, monthly("10")) as purse:
        proxy = await purse.process()
        for _ in range(30):
            await proxy.spend(10)
        await asyncio.gather(*(Outbox(purse.link, purse.ledger).drain() for _ in range(3)))
        snapshot = await read_snapshot(purse.link)
        assert (snapshot.seq, snapshot.drained, snapshot.outbox_bytes) == (30, 30, 0)
        assert await rows(purse) == 30
        assert await purse.ledger.missing_seqs(0, 30) == []
        assert (await purse.reconcile()).clean


async def test_a_crash_before_the_acknowledgement_doubles_nothing(both_engines: Engines) -> None:
    async with open_purse(both_engines, monthly("10")) as purse:
        proxy = await purse.process()
        await proxy.spend(10)
        stream = await purse.link.command("DUMP", PREFIX + "outbox")
        await purse.outbox.drain()
        await purse.link.command("RESTORE", PREFIX + "outbox", "0", stream, "REPLACE")
        await purse.link.command("HSET", META, "drained", "0")
        await proxy.spend(10)
        assert await purse.outbox.drain() == 2
        assert (await purse.reconcile()).clean


async def test_nothing_is_lost_while_sql_is_away(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_purse(engines, monthly("10")) as purse:
        proxy = await purse.process()
        await proxy.spend(10)

        async def away(self: Ledger, entries: object) -> object:
            raise LedgerUnavailable("SQL is away")

        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "append", away)
            with pytest.raises(LedgerUnavailable):
                await purse.outbox.tick()
        await proxy.spend(10)
        assert (await read_snapshot(purse.link)).outbox_bytes > 0
        assert await purse.outbox.drain() == 2
        assert await purse.outbox.tick() == 0


async def test_what_sql_rejects_is_put_aside_and_stops_nothing(
    both_engines: Engines, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_purse(both_engines, monthly("10")) as purse:
        proxy = await purse.process()
        await proxy.spend(10)
        await proxy.spend(10)
        fields = ["id", "x", "e", "0", "s", "settled", "r", "{"]
        await purse.link.command("HINCRBY", META, "seq", "1")
        await purse.link.command("XADD", PREFIX + "outbox", "3-0", *fields)
        fields = ["id", "y" * 300, "e", "0", "s", "settled", "a", "1", "t", "1", "c", "1", "p", "0"]
        fields += ["d", "1", "h", "0", "f", "", "o", "", "n", "1", "b", "9"]
        record = await purse.link.command("XRANGE", PREFIX + "outbox", "1", "1")
        known = dict(zip(record[0][1][::2], record[0][1][1::2], strict=True))[b"r"]
        await purse.link.command("HINCRBY", META, "seq", "1")
        await purse.link.command("XADD", PREFIX + "outbox", "4-0", *fields, "r", known)
        await proxy.spend(10)
        assert await purse.outbox.drain() == 5
        assert set(await quarantined(purse.link)) == {3, 4}
        assert caplog.messages.count("outbox entry is quarantined") == 2
        assert await purse.ledger.missing_seqs(0, 5) == [(3, 4)]
        report = await purse.reconcile()
        assert (report.missing, report.quarantined) == ((), (3, 4))
        assert not report.clean


def refusals(minute: int) -> dict[str, int]:
    """Lines as the reserve script counts them."""
    return {
        f'{minute}|budget_exceeded|{rule}|["SEO","Spring","k"]': count
        for rule, count in (("monthly", 17), ("daily", 1))
    }


async def test_refusals_are_one_row_a_minute_with_their_count(both_engines: Engines) -> None:
    async with open_purse(both_engines, monthly("1")) as purse:
        proxy = await purse.process()
        for _ in range(3):
            with pytest.raises(Refused):
                await proxy.admit(10**6)
        ((line, times),) = (await purse.link.hash("refused")).items()
        assert times == "3"
        minute = int(line.split("|")[0])
        assert await close_refusals(purse.link) == 0, "its minute is not over"
        await purse.link.command("DEL", PREFIX + "refused")
        over = refusals(minute - 1)
        for line, count in over.items():
            await purse.link.command("HSET", PREFIX + "refused", line, str(count))
        closed = await asyncio.gather(*(close_refusals(purse.link) for _ in range(3)))
        assert sum(closed) == 2
        await purse.outbox.drain()
        snapshot = await read_snapshot(purse.link)
        assert snapshot.seq == await rows(purse) == 2
        entries = await purse.ledger.search(Search())
        assert sorted((e.rule, e.count) for e in entries) == [("daily", 1), ("monthly", 17)]
        assert {e.status for e in entries} == {Status.REFUSED}
        assert {e.admitted_ms for e in entries} == {(minute - 1) * 60_000}
        assert (await purse.reconcile()).clean


async def test_refusals_wait_for_a_redis_that_was_lost(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        await purse.link.command("FLUSHALL")
        with pytest.raises(NotReady):
            await close_refusals(purse.link)
