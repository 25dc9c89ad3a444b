"""A process is dead only after one janitor watched it miss three beats itself."""

import pytest

from config.bounds import BEATS_MISSED_MAX
from storage import presence
from storage.errors import NotReady
from storage.presence import LOST, READY, Watch, beat, leave, processes
from storage.records import Flag, Status
from storage.redis_link import RedisLink
from storage.snapshot import Counted, read_snapshot
from tests.budget.purse import Engines, monthly, open_purse, usd, used


async def watched(watch: Watch) -> dict[str, str]:
    """Look until a silent process is dead; it is not a moment before."""
    for _ in range(BEATS_MISSED_MAX):
        assert await watch.look() == {}
    return await watch.look()


async def test_who_beats_lives(link: RedisLink) -> None:
    watch = Watch(link)
    for _ in range(3 * BEATS_MISSED_MAX):
        await beat(link, "proxy-1", {"kind": "proxy"})
        assert await watch.look() == {}
    assert await processes(link) == {"proxy-1": {"kind": "proxy"}}


async def test_who_is_silent_is_dead_after_three_missed_beats(link: RedisLink) -> None:
    await beat(link, "proxy-1", {})
    first, second = Watch(link), Watch(link)
    assert await watched(first) == {"proxy-1": "1"}
    assert await second.look() == {}, "what another janitor saw proves nothing"
    await beat(link, "proxy-1", {})
    assert await first.look() == {}


async def test_a_beat_hears_how_things_stand(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        standing = await beat(purse.link, "proxy-1", {})
        assert (standing.state, standing.generation, standing.frozen) == (READY, "1", "")
        assert standing.epoch == await purse.epoch()
        await purse.link.command("FLUSHALL")
        assert (await beat(purse.link, "proxy-1", {})).state == LOST


async def test_the_holds_of_the_dead_are_assumed(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "ASSUME_BATCH", 2)
    async with open_purse(engines, monthly("1")) as purse:
        dead, living = await purse.process("dead"), await purse.process("living")
        grants = [await dead.admit(1_000) for _ in range(5)]
        other = await living.admit(1_000)
        await dead.die()
        await living.die()
        watch = Watch(purse.link)
        found = await watched(watch)
        assert await watch.assume("dead", found["dead"]) == 5
        assert await watch.assume("dead", "") == 0
        assert [hold.hold_id for hold in (await read_snapshot(purse.link)).holds] == [
            other.facts.hold_id
        ]
        assert "dead" not in await processes(purse.link)
        (entry,) = await purse.entries(grants[0].facts.hold_id)
        assert (entry.status, entry.flags) == (Status.ASSUMED, {Flag.ESTIMATED})
        assert await purse.counted(purse.rules[0]) == Counted(usd("0.2"), usd("0.04"))
        assert (await purse.reconcile()).clean


async def test_who_beats_after_all_is_not_assumed(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process("paused")
        grant = await proxy.admit(1_000)
        await proxy.die()
        watch = Watch(purse.link)
        found = await watched(watch)
        await beat(purse.link, "paused", {})
        assert await watch.assume("paused", found["paused"]) == 0
        assert len((await read_snapshot(purse.link)).holds) == 1
        assert await purse.entries(grant.facts.hold_id) == []


async def test_holds_whose_owner_never_beat_are_assumed_too(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process("silent")
        await proxy.admit(1_000)
        await proxy.die()
        await purse.link.command("HDEL", "{purser}:beats", "silent")
        watch = Watch(purse.link)
        found = {name: seen for name, seen in (await watched(watch)).items() if name == "silent"}
        assert found == {"silent": ""}
        assert await watch.assume("silent", "") == 1


async def test_nothing_is_assumed_in_a_redis_that_was_lost(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        await purse.link.command("FLUSHALL")
        with pytest.raises(NotReady):
            await Watch(purse.link).assume("dead", "")


async def test_a_process_leaves_only_without_holds(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(1)
        assert not await leave(purse.link, "proxy-1")
        await proxy.settlement.end(grant, used(1))
        assert await leave(purse.link, "proxy-1")
