"""Whatever Redis loses, nothing is admitted until it is rebuilt, and then the books are equal."""

import os
import shutil
import signal

import httpx
import psutil

from tests.faults.stand import Serving
from tests.faults.traffic import Ask, call
from tests.waiting import wait_for


def _flush(stand: Serving) -> None:
    with stand.redis() as client:
        client.flushall()


def test_redis_killed_under_load_is_started_again_and_loses_nothing(serving: Serving) -> None:
    epoch = serving.meta("epoch")
    with serving.traffic() as traffic:
        wait_for(lambda: traffic.succeeded > 20, "calls to succeed")
        serving.kill_valkey()
        serving.wait_recovered(epoch)
        before = traffic.succeeded
        wait_for(lambda: traffic.succeeded > before + 10, "calls to succeed again")
    assert set(traffic.statuses) <= {200, 503}
    serving.check()


def test_a_client_is_told_to_come_back_while_redis_is_away(serving: Serving) -> None:
    epoch = serving.meta("epoch")
    with serving.redis() as client:
        pid = int(client.info("server")["process_id"])
    # Stopped, not killed: nobody starts it again, and no connection breaks.
    os.kill(pid, signal.SIGSTOP)
    try:
        got = serving.call()
        assert got.status == 503
        assert int(got.header("retry-after") or 0) >= 1
        assert not serving.received(got.name)
        serving.front.wait_for(lambda: serving.front.readyz()[0] == 503, "/readyz to answer 503")
        assert "Redis" in serving.front.readyz()[1]["reasons"][0]
    finally:
        os.kill(pid, signal.SIGCONT)
    serving.wait_ready()
    assert serving.meta("epoch") == epoch
    assert serving.call().status == 200
    serving.check()


def test_redis_emptied_at_rest_is_rebuilt_from_the_ledger(serving: Serving) -> None:
    assert serving.call(campaign="winter").status == 200
    serving.check()
    with serving.redis() as client:
        before = {key: client.hgetall(key) for key in client.keys("{purser}:c:*")}
    epoch = serving.meta("epoch")
    _flush(serving)
    serving.wait_recovered(epoch)
    with serving.redis() as client:
        spent = {key: posted for key, posted in _posted(before).items() if posted}
        after = _posted({key: client.hgetall(key) for key in client.keys("{purser}:c:*")})
    assert {key: posted for key, posted in after.items() if posted} == spent
    serving.check()


def _posted(counters: dict[bytes, dict[bytes, bytes]]) -> dict[tuple[bytes, bytes], int]:
    return {
        (key, field): int(value)
        for key, fields in counters.items()
        for field, value in fields.items()
        if field.endswith(b":p")
    }


def test_redis_emptied_under_load_settles_every_call_once(serving: Serving) -> None:
    with serving.traffic(clients=8, stream_ms=30) as traffic:
        for _ in range(2):
            epoch, before = serving.meta("epoch"), traffic.succeeded
            wait_for(lambda before=before: traffic.succeeded > before + 8, "calls to succeed")
            _flush(serving)
            serving.wait_recovered(epoch)
        before = traffic.succeeded
        wait_for(lambda: traffic.succeeded > before + 8, "calls to succeed again")
    assert set(traffic.statuses) <= {200, 503}
    serving.check()


def test_calls_in_flight_during_a_rebuild_keep_their_hold_and_settle_once(
    serving: Serving,
) -> None:
    epoch = serving.meta("epoch")
    pending = [serving.pending(stream=True, tokens=40, delay_ms=250) for _ in range(2)]
    _flush(serving)
    serving.wait_recovered(epoch)
    assert serving.open_holds() == len(pending)
    for one in pending:
        assert one.result().whole
        (entry,) = serving.wait_entries(one.ask.name)
        assert entry.status == "settled"
        assert not entry.flags
    serving.check()


def test_redis_that_lost_its_last_second_is_rebuilt(serving: Serving) -> None:
    folder = serving.valkey.folder
    older = serving.folder / "older"
    assert serving.call().status == 200
    shutil.copytree(folder / "appendonlydir", older)
    open_call = serving.pending(stream=True, tokens=60, delay_ms=200)
    lost = [serving.call(campaign="autumn") for _ in range(3)]
    assert [got.status for got in lost] == [200, 200, 200]
    epoch = serving.meta("epoch")
    _put_back(serving, older)
    serving.wait_recovered(epoch)
    assert open_call.result().whole
    for name in [*(got.name for got in lost), open_call.ask.name]:
        (entry,) = serving.wait_entries(name)
        assert entry.status == "settled"
    serving.check()


def test_redis_that_lost_what_sql_did_not_have_yet_gets_it_from_the_proxy(
    serving: Serving,
) -> None:
    """The ends of calls stand nowhere but in the process that made them."""
    folder = serving.valkey.folder
    older = serving.folder / "older-2"
    shutil.copytree(folder / "appendonlydir", older)
    with serving.traffic(rounds=5, clients=4) as traffic:
        wait_for(lambda: traffic.succeeded > 5, "calls to succeed")
        epoch = serving.meta("epoch")
        _put_back(serving, older)
        serving.wait_recovered(epoch)
    serving.check()


def _put_back(stand: Serving, older: "os.PathLike[str]") -> None:
    """Kill Valkey and start it on an older copy of its file, before `serve` starts it itself.

    `serve` is stopped meanwhile: it would be quicker.
    """
    folder = stand.valkey.folder
    stand.front.stop()
    try:
        stand.kill_valkey()
        shutil.rmtree(folder / "appendonlydir")
        shutil.move(older, folder / "appendonlydir")
    finally:
        stand.front.cont()


def test_the_freeze_survives_an_emptied_redis(serving: Serving) -> None:
    assert serving.deployment.cli("freeze", "--reason", "test").returncode == 0
    try:
        assert serving.call().status == 429
        epoch = serving.meta("epoch")
        _flush(serving)
        serving.wait_recovered(epoch)
        got = serving.call()
        assert got.status == 429
        assert got.header("x-purser-refusal") == "frozen"
    finally:
        assert serving.deployment.cli("thaw").returncode == 0
    assert serving.call().status == 200
    serving.check()


def test_serve_killed_with_its_valkey_comes_back_with_equal_books(serving: Serving) -> None:
    """A machine that lost power: both die at once, and nobody knew what was in flight."""
    with serving.traffic(clients=8, only=True, stream_ms=30, rounds=3) as traffic:
        wait_for(lambda: traffic.succeeded > 4, "calls to succeed")
        serving.front.stop()
        serving.kill_valkey()
        serving.front.kill()
        assert not psutil.pid_exists(serving.front.pid) or not serving.front.running
    serving.process.start()
    assert call(serving.front.url, Ask(serving.name())).status == 200
    serving.check()
    answer = httpx.get(f"{serving.front.url}/readyz", trust_env=False, timeout=60)
    assert answer.json()["status"] == "ok"
