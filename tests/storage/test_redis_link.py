"""Every failure of Redis is told apart: not reached, no answer, not now, not understood."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from budget.errors import Unavailable
from config.bounds import REDIS_REPLY_S
from storage import scripts
from storage.errors import RedisUnavailable, ReplyLost, StorageError
from storage.redis_link import META, RedisLink
from tests.budget.purse import Engines, monthly, open_purse, usd, used


async def test_the_run_id_travels_with_every_script(link: RedisLink) -> None:
    info = (await link.command("INFO", "server")).decode()
    assert f"run_id:{await link.run_id()}" in info
    await link.command("HSET", META, "run_id", await link.run_id(), "state", "ready")
    assert (await link.run(scripts.BEAT, "p", "{}"))[0] == "ready"
    await link.command("HSET", META, "run_id", "another server")
    assert (await link.run(scripts.BEAT, "p", "{}"))[0] == "lost"


async def test_what_is_not_there_cannot_be_reached() -> None:
    link = RedisLink("redis://:secret@127.0.0.1:1")
    with pytest.raises(RedisUnavailable, match="cannot be reached") as error:
        await link.command("PING")
    assert not isinstance(error.value, ReplyLost)
    assert "secret" not in str(error.value)
    await link.close()


async def test_a_command_that_is_not_understood_is_our_fault(link: RedisLink) -> None:
    with pytest.raises(StorageError, match="does not take") as error:
        await link.command("NO-SUCH-COMMAND")
    assert not isinstance(error.value, RedisUnavailable)


async def test_an_answer_that_is_cut_off_is_lost_not_failed(
    valkey_url: str, link: RedisLink
) -> None:
    waiting = RedisLink(valkey_url)
    name = "purser-test-waiting"
    await waiting.command("CLIENT", "SETNAME", name)
    asking = asyncio.create_task(waiting.command("BLPOP", "nothing", "30"))
    mine = ""
    while not mine:
        lines = (await link.command("CLIENT", "LIST")).decode().splitlines()
        mine = next((line for line in lines if name in line and "cmd=blpop" in line), "")
    await link.command("CLIENT", "KILL", "ID", mine.split()[0].removeprefix("id="))
    with pytest.raises(ReplyLost):
        await asking
    assert await waiting.command("PING") == b"PONG", "the next question gets its own answer"
    await waiting.close()


async def test_a_question_that_is_given_up_does_not_answer_the_next(link: RedisLink) -> None:
    for steps in range(6):
        asking = asyncio.create_task(link.command("ECHO", "old"))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await link.command("ECHO", "new") == b"new"


async def test_a_full_redis_stops_holds_alone(link: RedisLink) -> None:
    await link.command("SET", "something", "x" * 1000)
    await link.command("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(RedisUnavailable, match="for now"):
            await link.run(scripts.RESERVE, *range(1, 20))
        assert (await link.run(scripts.BEAT, "p", "{}"))[0] == "lost"
    finally:
        await link.command("CONFIG", "SET", "maxmemory", "0")


async def test_a_hash_comes_as_text(link: RedisLink) -> None:
    await link.command("HSET", "{purser}:h", "straße", "1")
    assert await link.hash("h") == {"straße": "1"}
    assert await link.hash("nothing") == {}


async def test_a_full_redis_closes_admission_and_still_takes_ends(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(10_000)
        await purse.link.command("CONFIG", "SET", "maxmemory", "1")
        try:
            with pytest.raises(Unavailable, match="for now"):
                await proxy.admit(1)
            receipt = await proxy.settlement.end(grant, used(5_000))
            assert receipt.amounts.charge == usd("0.2")
            assert len(await purse.entries(grant.facts.hold_id)) == 1
        finally:
            await purse.link.command("CONFIG", "SET", "maxmemory", "0")
        assert (await purse.reconcile()).clean


async def test_a_replica_that_takes_no_writes_is_waited_for(link: RedisLink) -> None:
    await link.command("REPLICAOF", "127.0.0.1", "1")
    try:
        with pytest.raises(RedisUnavailable, match="for now"):
            await link.run(scripts.BEAT, "p", "{}")
    finally:
        await link.command("REPLICAOF", "NO", "ONE")


async def test_a_cancellation_is_never_lost(link: RedisLink) -> None:
    """It was, by redis-py's own timeout on older Pythons: what should end went on for ever."""

    async def on_and_on() -> None:
        while True:
            with contextlib.suppress(StorageError):
                await link.command("PING")

    for steps in range(400):
        task = asyncio.create_task(on_and_on())
        for _ in range(steps % 40):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=60)
        assert done, f"still there after {steps % 40} steps"
    assert await link.command("PING") == b"PONG"


async def test_a_redis_that_stops_answering_is_given_up(valkey_url: str, link: RedisLink) -> None:
    waiting = RedisLink(valkey_url)
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(ReplyLost, match="did not answer"):
        await waiting.command("BLPOP", "nothing", "30")
    assert clock() - began < 2 * REDIS_REPLY_S
    assert await waiting.command("PING") == b"PONG"
    await waiting.close()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
async def test_a_server_that_does_not_greet_is_given_up(kind: str, tmp_path: Path) -> None:
    """A stopped server still takes connections: its kernel does."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    if kind == "unix":
        server = await asyncio.start_unix_server(silent, tmp_path / "redis.sock")
        link = RedisLink(f"unix://{tmp_path / 'redis.sock'}")
    else:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        link = RedisLink(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        async with asyncio.timeout(REDIS_REPLY_S + 10):
            with pytest.raises(RedisUnavailable):
                await link.command("PING")
    finally:
        await link.close()
        server.close()
        await server.wait_closed()


async def test_a_greeting_that_is_cancelled_leaves_no_half_open_connection() -> None:
    """Or its late answer would be taken for the next one's."""
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = RedisLink(f"redis://127.0.0.1:{port}", connections=1)
    try:
        task = asyncio.create_task(link.command("PING"))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(RedisUnavailable):
            await link.run_id()
    finally:
        await link.close()
        server.close()
        await server.wait_closed()
