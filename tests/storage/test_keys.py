"""Keys: a secret shown once, found by its digest, bound everywhere as soon as it changes."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from budget.windows import current_window
from storage.errors import KeyProblem, NotReady, RedisUnavailable
from storage.key_records import BadKey
from storage.keys import By, Keys, Wanted
from storage.ledger import Ledger
from storage.presence import READY
from storage.redis_link import RedisLink
from storage.upkeep import Upkeep

ME = By("ann", "cli", "needed")


@pytest.fixture
async def link(valkey_url: str) -> AsyncIterator[RedisLink]:
    link = RedisLink(valkey_url)
    yield link
    await link.close()


@pytest.fixture
async def keys(link: RedisLink, ledger: Ledger) -> Keys:
    keys = Keys(link, ledger)
    await keys.restore()
    return keys


async def why_not(keys: Keys, secret: str, kind="proxy") -> str:
    with pytest.raises(BadKey) as refused:
        await keys.find(secret, kind)
    return refused.value.why


async def test_a_key_opens_what_it_was_made_for(keys):
    wanted = Wanted(
        "blog bot", agent="content", campaign=" Holiday ", models=("gpt-4o*",),
        endpoints=("/v1/chat/completions",), expires_ms=int(time.time() * 1000) + 60_000,
    )  # fmt: skip
    made = await keys.create(wanted, ME)
    assert made.published
    found = await keys.find(made.secret)
    assert (found.name, found.agent, found.campaign) == ("blog bot", "CONTENT", "Holiday")
    assert found.allows_model("gpt-4o-mini")
    assert not found.allows_model("o3")
    assert found.allows_endpoint("chat/completions")
    assert not found.allows_endpoint("responses")
    assert made.secret.startswith(found.prefix)
    assert len(found.prefix) == len("pk-purser-") + 6


async def test_a_secret_is_kept_nowhere(keys, link, ledger, database_url):
    made = await keys.create(Wanted("one"), ME)
    random = made.secret.removeprefix("pk-purser-")
    kept = str(await link.hash("keys")) + str(await keys.list()) + str(await ledger.audited())
    assert made.record.digest in str(await link.hash("keys"))
    assert random not in kept + repr(made)
    assert made.record.digest not in str(await ledger.audited()) + repr(made)
    if database_url.startswith("sqlite"):
        folder = Path(database_url.removeprefix("sqlite:///")).parent
        assert not any(random.encode() in file.read_bytes() for file in folder.iterdir())


async def test_what_opens_nothing_says_why_to_its_holder(keys):
    live = await keys.create(Wanted("live"), ME)
    admin = await keys.create(Wanted("boss", kind="admin", role="admin"), ME)
    assert await why_not(keys, live.secret[:-1] + ("A" if live.secret[-1] != "A" else "B")) == (
        "unknown"
    )
    assert await why_not(keys, "sk-something") == "unknown"
    assert await why_not(keys, "pk-purser-" + "x" * 100_000) == "unknown"
    assert await why_not(keys, admin.secret) == "kind"
    assert await why_not(keys, live.secret, "admin") == "kind"
    assert (await keys.find(admin.secret, "admin")).role == "admin"
    await keys.revoke("LIVE", ME)
    assert await why_not(keys, live.secret) == "revoked"


async def test_an_expired_key_opens_nothing_and_gives_its_name_back(keys):
    soon = int(time.time() * 1000) + 150
    first = await keys.create(Wanted("short", expires_ms=soon), ME)
    with pytest.raises(KeyProblem, match="called 'Short' already"):
        await keys.create(Wanted("Short"), ME)
    async with asyncio.timeout(60):
        while time.time() * 1000 <= soon:
            await asyncio.sleep(0.01)
    assert await why_not(keys, first.secret) == "expired"
    second = await keys.create(Wanted("Short"), ME)
    assert (await keys.find(second.secret)).name == "Short"


async def test_of_many_who_take_a_name_at_once_one_gets_it(keys):
    answers = await asyncio.gather(
        *(keys.create(Wanted("same"), ME) for _ in range(8)), return_exceptions=True
    )
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert sum(isinstance(answer, KeyProblem) for answer in answers) == 7


async def test_rotation_lets_both_secrets_work_for_a_while(keys):
    old = await keys.create(Wanted("bot", campaign="c", models=("gpt-4o",)), ME)
    new = await keys.rotate("BOT", ME, overlap_s=3600)
    before, after = await keys.find(old.secret), await keys.find(new.secret)
    assert before.expires_ms == pytest.approx(time.time() * 1000 + 3_600_000, abs=60_000)
    assert after.expires_ms is None
    pins = {"id": after.id, "digest": after.digest, "prefix": after.prefix}
    same = {"version": 1, "expires_ms": None, "created_ms": after.created_ms}
    assert replace(before, **pins, **same) == after
    ended, published = await keys.revoke("bot", ME)
    assert len(ended) == 2
    assert published
    assert {await why_not(keys, made.secret) for made in (old, new)} == {"revoked"}


async def test_rotation_without_overlap_ends_the_old_secret_at_once(keys):
    lives = 3_600_000
    wanted = Wanted("bot", expires_ms=int(time.time() * 1000) + lives)
    old = await keys.create(wanted, ME)
    new = await keys.rotate(old.record.prefix, ME)
    assert await why_not(keys, old.secret) == "expired"
    assert new.record.expires_ms - new.record.created_ms == pytest.approx(lives, abs=1000)


async def test_one_of_two_overlapping_keys_is_revoked_by_its_prefix(keys):
    old = await keys.create(Wanted("bot"), ME)
    new = await keys.rotate("bot", ME, overlap_s=3600)
    await keys.revoke(old.record.prefix, ME)
    assert await why_not(keys, old.secret) == "revoked"
    assert (await keys.find(new.secret)).name == "bot"
    with pytest.raises(KeyProblem, match="no live key"):
        await keys.revoke(old.record.id, ME)


async def test_changes_are_audited_without_anything_secret(keys, ledger):
    await keys.create(Wanted("bot"), ME)
    await keys.rotate("bot", ME, overlap_s=60)
    await keys.revoke("bot", ME)
    acts = [line.act for line in await ledger.audited()]
    assert [act.action for act in reversed(acts)] == [
        "key-create", "key-rotate", "key-revoke", "key-revoke",
    ]  # fmt: skip
    assert {(act.who, act.place, act.reason) for act in acts} == {("ann", "cli", "needed")}
    assert await ledger.verify_audit() == []


async def test_an_emptied_redis_answers_nothing_until_it_has_all_keys_again(keys, link):
    live = await keys.create(Wanted("live"), ME)
    dead = await keys.create(Wanted("dead"), ME)
    await keys.revoke("dead", ME)
    await link.command("FLUSHALL")
    with pytest.raises(NotReady):
        await keys.find(live.secret)
    await keys.tick()
    assert (await keys.find(live.secret)).name == "live"
    assert await why_not(keys, dead.secret) == "revoked"


async def test_an_old_state_never_brings_a_revoked_key_back(keys, link):
    made = await keys.create(Wanted("bot"), ME)
    before = await link.hash("keys")
    await keys.revoke("bot", ME)
    # A failover may lose the last write ...
    await link.command("HSET", "{purser}:keys", made.record.digest, before[made.record.digest])
    assert (await keys.find(made.secret)).name == "bot"
    await keys.restore()
    assert await why_not(keys, made.secret) == "revoked"
    # ... and whoever read SQL before the revocation may publish after it.
    await keys._published.publish([made.record])
    assert await why_not(keys, made.secret) == "revoked"


async def test_what_redis_could_not_be_told_the_janitor_tells_it(keys, link, ledger):
    made = await keys.create(Wanted("bot"), ME)
    away = RedisLink("unix:///nowhere/at/all.sock")
    cut_off = Keys(away, ledger)
    _, published = await cut_off.revoke("bot", ME)
    assert not published
    with pytest.raises(RedisUnavailable):
        await cut_off.find(made.secret)
    await away.close()
    assert (await keys.find(made.secret)).name == "bot"
    await keys.tick()
    assert await why_not(keys, made.secret) == "revoked"


async def test_the_last_use_reaches_the_list_by_the_janitor(keys, link):
    made = await keys.create(Wanted("bot"), ME)
    assert (await keys.list())[0].last_used_ms is None
    for _ in range(3):
        await keys.find(made.secret)
    assert len(await link.hash("key_uses")) == 1
    await keys.tick()
    assert (await keys.list())[0].last_used_ms == pytest.approx(time.time() * 1000, abs=30_000)
    assert await link.hash("key_uses") == {}
    assert (await keys.find(made.secret)).version == 1


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(""), "no name"),
        (Wanted("a\x07b"), "no name"),
        (Wanted("Unattributed"), "no name"),
        (Wanted("k", agent="poet"), "allowed are CONTENT"),
        (Wanted("k", campaign="\n"), "no campaign"),
        (Wanted("k", models=("m",) * 101), "at most 100"),
        (Wanted("k", expires_ms=1), "in the future"),
        (Wanted("k", kind="admin"), "has a role"),
        (Wanted("k", role="admin"), "has a role"),
        (Wanted("k", kind="admin", role="viewer", agent="SEO"), "calls no model"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_with_what_is_allowed(keys, wanted, told):
    with pytest.raises(KeyProblem, match=told):
        await keys.create(wanted, ME)
    assert await keys.list() == []


async def test_redis_forgets_keys_that_ended_long_ago(keys, link, monkeypatch):
    kept = await keys.create(Wanted("kept"), ME)
    gone = await keys.create(Wanted("gone"), ME)
    await keys.revoke("gone", ME)
    await keys.tidy()
    assert len(await link.hash("keys")) == 3
    later = int(time.time() * 1000) + 9 * 86_400_000
    monkeypatch.setattr("storage.published_keys.now_ms", lambda: later)
    await keys.tidy()
    assert set(await link.hash("keys")) == {kept.record.digest, "complete"}
    assert await why_not(keys, gone.secret) == "unknown"


async def test_a_failover_that_lost_a_revocation_is_mended_before_anything_is_admitted(
    keys, link, ledger
):
    upkeep = Upkeep(link, ledger, "janitor-1", current_window, lambda: ())
    await upkeep.tick()
    made = await keys.create(Wanted("bot"), ME)
    before = (await link.hash("keys"))[made.record.digest]
    await keys.revoke("bot", ME)
    await link.command("HSET", "{purser}:keys", made.record.digest, before)
    await link.command("HSET", "{purser}:meta", "run_id", "of the server before")
    assert (await keys.find(made.secret)).name == "bot"
    await upkeep.tick()
    assert (await upkeep.tick()).state == READY
    assert await why_not(keys, made.secret) == "revoked"
