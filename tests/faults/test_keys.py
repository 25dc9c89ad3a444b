"""Keys bind at once on every proxy, and outlive restarts, an emptied Redis and a lost database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import httpx

from storage.keys import By, Keys, Made, Wanted
from storage.ledger import Ledger
from storage.redis_link import RedisLink
from tests.faults.stand import Parted, Serving, Stand
from tests.faults.traffic import Ask
from tests.harness import PurserProcess

T = TypeVar("T")
ME = By("ann", "cli")


def on_keys(stand: Stand, work: Callable[[Keys], Awaitable[T]]) -> T:
    """Do something with the keys of a deployment, as a command does."""

    async def run() -> T:
        link, ledger = RedisLink(stand.redis_url), await Ledger.open(stand.database_url)
        try:
            return await work(Keys(link, ledger))
        finally:
            await ledger.close()
            await link.close()

    return asyncio.run(run())


def create(stand: Stand, name: str) -> Made:
    return on_keys(stand, lambda keys: keys.create(Wanted(name, campaign="spring"), ME))


def status(stand: Stand, purser: PurserProcess, made: Made) -> int:
    """What a call with a key answers."""
    request = Ask(stand.name()).request()
    return httpx.post(
        f"{purser.url}/v1/chat/completions",
        json=request["json"],
        headers=request["headers"] | {"authorization": f"Bearer {made.secret}"},
        trust_env=False,
        timeout=60,
    ).status_code


def statuses(stand: Stand, pursers: Sequence[PurserProcess], made: Made) -> list[int]:
    return [status(stand, purser, made) for purser in pursers]


def test_a_change_binds_the_next_call_of_every_proxy(parted: Parted) -> None:
    with parted.role("proxy") as second:
        proxies = (parted.proxy, second)
        old = create(parted, parted.name())
        assert statuses(parted, proxies, old) == [200, 200]
        name = old.record.name
        new = on_keys(parted, lambda keys: keys.rotate(name, ME, overlap_s=3600))
        assert statuses(parted, proxies, old) == statuses(parted, proxies, new) == [200, 200]
        on_keys(parted, lambda keys: keys.revoke(old.record.prefix, ME))
        assert statuses(parted, proxies, old) == [401, 401]
        assert statuses(parted, proxies, new) == [200, 200]
        newest = on_keys(parted, lambda keys: keys.rotate(name, ME))
        assert statuses(parted, proxies, new) == [401, 401]
        assert statuses(parted, proxies, newest) == [200, 200]
    parted.check()


def test_keys_that_redis_knows_work_while_sql_is_down(parted: Parted) -> None:
    live = create(parted, parted.name())
    gone = create(parted, parted.name())
    on_keys(parted, lambda keys: keys.revoke(gone.record.name, ME))
    parted.to_sql.refuse()
    try:
        assert status(parted, parted.proxy, live) == 200
        assert status(parted, parted.proxy, gone) == 401
    finally:
        parted.to_sql.heal()
    parted.check()


def test_without_redis_a_key_is_neither_good_nor_bad(parted: Parted) -> None:
    live = create(parted, parted.name())
    parted.to_redis.refuse()
    try:
        assert status(parted, parted.proxy, live) == 503
    finally:
        parted.to_redis.heal()
    parted.wait_ready()
    assert status(parted, parted.proxy, live) == 200
    parted.check()


def test_an_emptied_redis_gets_keys_back_before_it_admits(serving: Serving) -> None:
    live, gone = create(serving, serving.name()), create(serving, serving.name())
    on_keys(serving, lambda keys: keys.revoke(gone.record.name, ME))
    epoch = serving.meta("epoch")
    with serving.redis() as client:
        client.flushall()
    seen = set()
    while serving.meta("epoch") == epoch or not serving.meta("epoch") or 200 not in seen:
        seen.add(status(serving, serving.front, live))
        assert seen <= {200, 503}
        assert status(serving, serving.front, gone) in {401, 503}
    serving.wait_recovered(epoch)
    assert status(serving, serving.front, gone) == 401
    serving.check()


def test_keys_outlive_a_restart(serving: Serving) -> None:
    live, gone = create(serving, serving.name()), create(serving, serving.name())
    on_keys(serving, lambda keys: keys.revoke(gone.record.name, ME))
    serving.process.terminate()
    serving.process.start()
    assert status(serving, serving.front, live) == 200
    assert status(serving, serving.front, gone) == 401
    serving.check()
