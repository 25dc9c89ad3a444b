"""A Redis that lost what it knew admits nothing until it says again what the ledger says."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import pytest

from budget.admission import Grant
from budget.errors import Unavailable
from budget.windows import current_window
from config.rules import Dimension
from storage import recovery, upkeep
from storage.errors import LedgerUnavailable, NotReady, StorageError
from storage.freeze import set_frozen
from storage.ledger import Ledger
from storage.outbox import Outbox
from storage.records import LedgerEntry, Outcome, Status
from storage.redis_link import META, RedisLink
from storage.snapshot import Counted, read_snapshot
from storage.upkeep import Upkeep
from tests.budget.purse import Engines, Process, Purse, monthly, open_purse, usd, used
from tests.storage.entries import entry
from tests.waiting import eventually

RULES = (monthly("100", "all"), monthly("10", "each", each=(Dimension.CAMPAIGN,)))


TAKE = """
local keys, found = redis.call('KEYS', '*'), {}
for at, key in ipairs(keys) do found[at] = redis.call('DUMP', key) end
return {keys, found}
"""
PUT_BACK = """
redis.call('FLUSHALL')
for at, key in ipairs(KEYS) do redis.call('RESTORE', key, '0', ARGV[at]) end
redis.call('HSET', ARGV[#KEYS + 1], 'run_id', 'the server before')
"""


class Backup:
    """Redis as it was at one moment, to be put back: what a failover or a lost tail does.

    In one step each: processes beat meanwhile, and would write what is then restored.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._keys: dict[bytes, bytes] = {}

    async def take(self) -> None:
        keys, found = await self._link.command("EVAL", TAKE, "0")
        self._keys = dict(zip(keys, found, strict=True))

    async def put_back(self) -> None:
        count = str(len(self._keys))
        # Only a restart brings an older state, and a restart has another run id.
        await self._link.command("EVAL", PUT_BACK, count, *self._keys, *self._keys.values(), META)


def call_entry(grant: Grant) -> LedgerEntry:
    """What the ledger says of a call that a janitor assumed."""
    caller, held = grant.facts.caller, grant.held.charge
    return entry(
        1, hold_id=grant.facts.hold_id, status=Status.ASSUMED, admitted_ms=grant.admitted_ms,
        agent=caller.agent, campaign=caller.campaign, charge_nano=held, provider_nano=0,
        dearer_nano=held, held_nano=held,
    )  # fmt: skip


def janitor(purse: Purse, name: str) -> Upkeep:
    return Upkeep(purse.link, purse.ledger, name, current_window, lambda: purse.rules)


async def recovered(purse: Purse, *others: Upkeep) -> None:
    """Tick janitors until Redis is ready, publish, and wait for every process."""

    async def ready() -> bool:
        for each in (purse.upkeep, *others):
            with contextlib.suppress(StorageError):
                await each.tick()
        return (await read_snapshot(purse.link)).state == "ready"

    await eventually(ready, "Redis rebuilt")
    await purse.publish(*purse.rules)
    for process in purse.processes:
        await purse.until_ready(process)


async def flush(purse: Purse, backup: Backup) -> None:
    await purse.link.command("FLUSHALL")


async def rewind(purse: Purse, backup: Backup) -> None:
    await backup.put_back()


async def restart(purse: Purse, backup: Backup) -> None:
    await purse.link.command("HSET", META, "run_id", "the server before")


@pytest.mark.parametrize("lose", [flush, rewind, restart])
async def test_every_nano_dollar_is_found_again(
    both_engines: Engines, lose: Callable[[Purse, Backup], object]
) -> None:
    async with open_purse(both_engines, *RULES) as purse:
        one, two = await purse.process("one"), await purse.process("two")
        backup = Backup(purse.link)
        drained = await one.spend(1_000, "spring")
        early = [await p.admit(1_000, "spring") for p in (one, two)]
        assumed = await one.admit(1_000, "spring")
        await one.settlement.end(assumed, Outcome(Status.ASSUMED))
        await purse.outbox.drain()
        await backup.take()
        # All that follows may be lost with Redis's tail.
        await one.settlement.end(early[0], used(500))
        in_sql = await two.spend(1_000, "autumn")
        await purse.outbox.drain()
        in_outbox = await two.spend(2_000, "autumn")
        late = await two.admit(1_000, "autumn")
        await one.settlement.end(assumed, used(250))
        await lose(purse, backup)
        with pytest.raises(Unavailable):
            await one.admit(1)
        during = asyncio.create_task(two.settlement.end(late, used(100)))
        await recovered(purse)
        await during
        await one.settlement.wait_until_acknowledged(10)
        await two.settlement.wait_until_acknowledged(10)
        await two.settlement.end(early[1], used(900))
        spring, autumn = 1_000 + 500 + 250 + 900, 1_000 + 2_000 + 100
        assert await purse.counted(RULES[1], "spring") == Counted(spring * 40_000, 0)
        assert await purse.counted(RULES[1], "autumn") == Counted(autumn * 40_000, 0)
        assert await purse.counted(RULES[0]) == Counted((spring + autumn) * 40_000, 0)
        report = await purse.reconcile()
        assert report.clean, report
        for grant in (drained, *early, in_sql, in_outbox, late):
            assert [e.entry for e in await purse.entries(grant.facts.hold_id)] == [0]
        assert [e.entry for e in await purse.entries(assumed.facts.hold_id)] == [0, 1]


async def test_open_holds_are_held_again(engines: Engines) -> None:
    async with open_purse(engines, *RULES) as purse:
        processes = [await purse.process(name) for name in ("one", "two")]
        for process in processes:
            await process.admit(10_000, "spring")
        await purse.link.command("FLUSHALL")
        await recovered(purse)
        assert await purse.counted(RULES[1], "spring") == Counted(0, usd("0.8"))
        assert (await purse.reconcile()).clean


async def test_two_janitors_at_once(engines: Engines) -> None:
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000, "spring")
        await proxy.admit(1_000, "spring")
        others = [janitor(purse, f"janitor-{n}") for n in (2, 3)]
        for each in others:
            await each.tick()
        await purse.link.command("FLUSHALL")
        await asyncio.gather(
            *(each.tick() for each in (purse.upkeep, *others)), return_exceptions=True
        )
        await recovered(purse, *others)
        assert await purse.counted(RULES[0]) == Counted(usd("0.04"), usd("0.04"))
        assert (await purse.reconcile()).clean


@pytest.mark.parametrize("step", ["collected", "ended", "counter", "held", "finish"])
async def test_another_janitor_takes_over_at_any_step(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000, "spring")
        held = await proxy.admit(1_000, "spring")
        await purse.outbox.drain()
        # One that stands open here and has ended in the ledger, so that every step is taken.
        assumed = await proxy.admit(500, "spring")
        await proxy.settlement.end(assumed, Outcome(Status.ASSUMED))
        await purse.outbox.drain()
        second = janitor(purse, "janitor-2")
        await second.tick()
        await purse.link.command("HSET", META, "run_id", "the server before")
        told = asyncio.Event()
        real = recovery.Recovery._step

        async def dies(self: recovery.Recovery, name: str, *arguments: str | int) -> None:
            if name == step or (step == "collected" and name == "ended"):
                told.set()
                await asyncio.Event().wait()
            await real(self, name, *arguments)

        with monkeypatch.context() as patched:
            patched.setattr(recovery.Recovery, "_step", dies)
            dying = asyncio.create_task(purse.upkeep.tick())
            await asyncio.wait_for(told.wait(), 60)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        # A second one sees no beat of the first any more.
        await purse.link.command("HDEL", "{purser}:beats", "janitor-1")
        await second.tick()
        await purse.publish(*RULES)
        await purse.until_ready(proxy)
        await proxy.settlement.end(held, used(250))
        assert await purse.counted(RULES[0]) == Counted(usd("0.07"), 0)
        assert (await purse.reconcile()).clean


async def test_a_recovery_that_failed_is_begun_again_by_the_same_janitor(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQL goes away in its midst: its janitor lives, so that no other would take over."""
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000, "spring")
        await purse.link.command("FLUSHALL")

        async def away(*arguments: object) -> dict[str, int]:
            raise LedgerUnavailable("SQL is away")

        with monkeypatch.context() as patched:
            patched.setattr(recovery, "posted_values", away)
            with pytest.raises(LedgerUnavailable):
                await purse.upkeep.tick()
        await recovered(purse)
        assert await purse.counted(RULES[0]) == Counted(usd("0.04"), 0)
        assert (await purse.reconcile()).clean


async def test_a_long_recovery_is_not_taken_over(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits for a process that is dead, longer than a janitor may be silent."""
    caplog.set_level(logging.WARNING)
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process("dead")
        await proxy.admit(1_000, "spring")
        await proxy.die()
        purse.processes.clear()
        for module, name in ((upkeep, "BEAT_S"), (recovery, "BEAT_S"), (upkeep, "LISTEN_S")):
            monkeypatch.setattr(module, name, 0.2 if name == "BEAT_S" else 0.05)
        await purse.link.command("HSET", META, "run_id", "the server before")
        second = janitor(purse, "janitor-2")
        caplog.clear()
        first = asyncio.create_task(purse.upkeep.tick())

        async def done() -> bool:
            if "recovery begins" in caplog.messages:
                await second.tick()
            return first.done()

        await eventually(done, "the recovery")
        await first
        assert caplog.messages.count("recovery begins") == 1
        assert (await read_snapshot(purse.link)).state == "ready"

        async def swept() -> bool:
            await purse.upkeep.tick()
            return not (await read_snapshot(purse.link)).holds

        await eventually(swept, "the holds of the dead assumed")
        assert await purse.counted(RULES[1], "spring") == Counted(usd("0.04"), 0)
        assert (await purse.reconcile()).clean


@pytest.mark.parametrize("lose", [flush, rewind])
async def test_a_freeze_outlives_redis(
    engines: Engines, lose: Callable[[Purse, Backup], object]
) -> None:
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process()
        backup = Backup(purse.link)
        await backup.take()
        await set_frozen(purse.link, "ann", "cli", "runaway", frozen=True)
        await upkeep.freeze.write_pending_audit(purse.link, purse.ledger)
        await lose(purse, backup)
        await recovered(purse)
        with pytest.raises(Exception, match="frozen"):
            await proxy.admit(1)


async def test_windows_that_are_over_are_left_to_the_ledger(engines: Engines) -> None:
    """What comes late for last month makes no counter that says less than the ledger."""
    async with open_purse(engines, *RULES) as purse:
        proxy: Process = await purse.process()
        grant = await proxy.spend(1_000, "spring")
        month = current_window(RULES[0], grant.admitted_ms - 32 * 86_400_000)
        postings = [type(p)(p.counter, month.start_ms, month.end_ms, p.value, p.counts)
                    for p in grant.postings]  # fmt: skip
        lost = used(500)
        call = type(grant.facts)(
            "lost", "req", grant.facts.caller, grant.facts.endpoint, grant.facts.requested_model
        )
        amounts = type(grant.held)(20_000_000, 0)
        ended = await proxy.holds.end(
            call, lost, amounts, frozenset(), "", month.start_ms, postings, None, "1"
        )
        assert ended.what == "recovered"
        assert len(await purse.entries("lost")) == 1
        assert (await purse.reconcile()).clean


async def test_drained_twice_is_counted_once(engines: Engines) -> None:
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process()
        backup = Backup(purse.link)
        for _ in range(3):
            await proxy.spend(1_000, "spring")
        await backup.take()
        await purse.outbox.drain()
        await backup.put_back()
        await recovered(purse)
        await Outbox(purse.link, purse.ledger).drain()
        assert await purse.counted(RULES[0]) == Counted(usd("0.12"), 0)
        assert await Ledger.max_seq(purse.ledger) == 3
        assert (await purse.reconcile()).clean


async def test_a_process_that_was_away_holds_its_calls_again(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "BEAT_S", 0.1)
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process("away")
        open_still, over = [await proxy.admit(10_000, "spring") for _ in range(2)]
        await proxy.lifeline.stop()
        await purse.link.command("FLUSHALL")
        # One of its calls was assumed before, and stands in SQL alone.
        fields = call_entry(over)
        await purse.ledger.append([fields])
        stranger = janitor(purse, "janitor-2")
        await stranger.tick()
        await purse.publish(*RULES)
        assert await purse.counted(RULES[1], "spring") == Counted(usd("0.4"), 0)
        await proxy.lifeline.hear()
        assert proxy.lifeline.ready
        assert await purse.counted(RULES[1], "spring") == Counted(usd("0.4"), usd("0.4"))
        assert (await purse.reconcile()).clean
        await proxy.settlement.end(open_still, used(2_500))
        await proxy.settlement.end(over, used(2_500))
        assert await purse.counted(RULES[1], "spring") == Counted(usd("0.2"), 0)
        assert (await purse.reconcile()).clean


async def test_a_janitor_that_knows_of_nobody_gives_them_time_to_come_back(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis was emptied and the janitor restarted, while a proxy was slow to beat."""
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process()
        await proxy.spend(1_000, "spring")
        await purse.outbox.drain()
        await proxy.admit(1_000, "spring")
        monkeypatch.setattr(recovery, "BEAT_S", 0.5)
        real = proxy.lifeline.hear
        waiting = asyncio.Event()

        async def late() -> None:
            await waiting.wait()
            await real()

        monkeypatch.setattr(proxy.lifeline, "hear", late)
        proxy.lifeline.doubt()
        await purse.link.command("FLUSHALL")
        second = janitor(purse, "janitor-2")
        ticking = asyncio.create_task(second.tick())
        began = asyncio.get_running_loop().time()

        async def late_enough() -> bool:
            return asyncio.get_running_loop().time() - began > 0.7

        await eventually(late_enough, "a while")
        waiting.set()
        await ticking
        await purse.publish(*RULES)
        assert await purse.counted(RULES[1], "spring") == Counted(usd("0.04"), usd("0.04"))


async def test_a_recovery_that_is_overtaken_gives_way_at_once(engines: Engines) -> None:
    """It would wait for marks that its processes now set for another one."""
    async with open_purse(engines, *RULES) as purse:
        proxy = await purse.process("slow")
        await proxy.die()
        purse.processes.clear()
        await purse.link.command("HSET", META, "run_id", "the server before")
        first = asyncio.create_task(purse.upkeep.tick())

        async def begun() -> bool:
            return await purse.link.command("HGET", META, "state") == b"recovering"

        await eventually(begun, "the first recovery")
        other = recovery.Recovery(purse.link, purse.ledger, current_window, "janitor-2")
        await other._step("begin", "janitor-2")
        with pytest.raises(NotReady, match="overtaken"):
            await asyncio.wait_for(first, 60)
