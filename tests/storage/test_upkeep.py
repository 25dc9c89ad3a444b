"""What a janitor keeps in order while all is well."""

import logging

import pytest

from config.bounds import BEATS_MISSED_MAX
from storage import upkeep
from storage.presence import processes
from storage.redis_link import PREFIX
from storage.snapshot import Counted, read_snapshot
from tests.budget.purse import Engines, monthly, open_purse, usd
from tests.waiting import eventually


async def test_a_janitor_says_that_it_lives(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        epoch = await purse.epoch()
        for _ in range(3):
            standing = await purse.upkeep.tick()
        assert (standing.state, standing.epoch) == ("ready", epoch), "nothing to rebuild"
        assert (await processes(purse.link))["janitor-1"] == {"kind": "janitor"}


async def test_calls_of_a_dead_process_are_charged_and_told_of(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process("dead")
        await proxy.admit(10_000)
        await proxy.die()
        monkeypatch.setattr(upkeep, "BEAT_S", 0.0)
        for _ in range(BEATS_MISSED_MAX):
            await purse.upkeep.tick()
        assert len((await read_snapshot(purse.link)).holds) == 1

        async def swept() -> bool:
            await purse.upkeep.tick()
            return not (await read_snapshot(purse.link)).holds

        await eventually(swept, "the holds of the dead assumed")
        assert await purse.counted(purse.rules[0]) == Counted(usd("0.4"), 0)
        (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert (told.__dict__["proxy"], told.__dict__["calls"]) == ("dead", 1)


async def test_what_nothing_refers_to_is_forgotten(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        now_ms = (await read_snapshot(purse.link)).now_ms
        day = 86_400_000
        for days in (8, 10):
            await purse.link.command(
                "HSET", PREFIX + "counters", f"c:{days}", str(now_ms - days * day)
            )
            await purse.link.command(
                "HSET", PREFIX + "assumed", f"hold-{days}", str(now_ms - days * day)
            )
        await purse.upkeep.tidy()
        assert set(await purse.link.hash("counters")) == {"c:8"}
        assert set(await purse.link.hash("assumed")) == {"hold-8"}
