"""Every script is known to Redis by its text, needs one key, and survives a flushed cache."""

import hashlib
import re
from pathlib import Path

import pytest

from storage import scripts
from storage.redis_link import RedisLink
from storage.scripts import Script
from tests.budget.purse import Engines, monthly, open_purse
from tests.source import ROOT

ALL = [value for value in vars(scripts).values() if isinstance(value, Script)]
FOLDER = ROOT / "storage" / "lua"
SHARED = {"common", "ending", "asking"}


def test_every_file_is_a_script() -> None:
    assert {path.stem for path in FOLDER.glob("*.lua")} == {s.name for s in ALL} | SHARED


@pytest.mark.parametrize("script", ALL, ids=lambda script: script.name)
async def test_redis_takes_it_under_its_sha(script: Script, link: RedisLink) -> None:
    assert script.sha == hashlib.sha1(script.text.encode()).hexdigest()
    assert (await link.command("SCRIPT", "LOAD", script.text)).decode() == script.sha


def test_only_reserve_is_stopped_by_a_full_redis() -> None:
    may_exceed = {script.name for script in ALL if "allow-oom" in script.text.splitlines()[0]}
    assert may_exceed == {script.name for script in ALL} - {"reserve"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.lua")), ids=lambda path: path.stem)
def test_amounts_are_written_by_one_way_alone(path: Path) -> None:
    """`tostring` and cjson lose digits from 10^14."""
    code = re.sub(r"--.*", "", path.read_text())
    assert "tostring" not in code
    assert "cjson" not in code


async def test_a_flushed_cache_is_filled_by_the_next_call(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await purse.link.command("SCRIPT", "FLUSH")
        await proxy.spend(1)
        assert (await purse.reconcile()).clean


async def test_every_key_stands_under_one_hash_tag(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        await proxy.spend(1)
        await proxy.admit(1)
        keys = [key.decode() for key in await purse.link.command("KEYS", "*")]
        assert len(keys) > 8
        assert all(key.startswith("{purser}:") for key in keys)
