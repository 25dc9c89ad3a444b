"""Counters, holds and the sequence are read at one moment, however busy Redis is."""

from functools import partial

from storage.snapshot import Counted, read_snapshot, read_standing
from tests.budget.purse import Engines, meanwhile, monthly, open_purse


async def test_it_adds_up_at_every_moment(engines: Engines) -> None:
    async with open_purse(engines, monthly("10")) as purse:
        proxy = await purse.process()
        async with meanwhile(*[partial(proxy.use, 10, 7)] * 4):
            for _ in range(20):
                snapshot = await read_snapshot(purse.link)
                held = sum(hold.charge_nano for hold in snapshot.holds)
                values = [counter.values.get("", Counted(0, 0)) for counter in snapshot.counters]
                assert sum(value.held_nano for value in values) == held
                assert sum(value.posted_nano for value in values) == snapshot.seq * 7 * 40_000


async def test_it_says_who_holds_what(engines: Engines) -> None:
    async with open_purse(engines, monthly("10")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10)
        snapshot = await read_snapshot(purse.link)
        (hold,) = snapshot.holds
        assert (hold.hold_id, hold.process_id) == (grant.facts.hold_id, "proxy-1")
        assert (hold.state, hold.charge_nano) == ("held", 400_000)
        assert hold.admitted_ms == grant.admitted_ms
        assert (snapshot.state, snapshot.generation) == ("ready", "1")
        standing = await read_standing(purse.link)
        assert (standing.epoch, standing.drained) == (snapshot.epoch, 0)
        await purse.link.command("FLUSHALL")
        assert (await read_snapshot(purse.link)).state == "lost"
        assert (await read_standing(purse.link)).epoch == ""
