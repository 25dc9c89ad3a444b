"""Processes die and pause: every call still has one end, and the truth wins in the end."""

import psutil

from config.bounds import BEAT_S, BEATS_MISSED_MAX
from tests.faults.stand import P, Parted
from tests.invariants import name_of
from tests.waiting import LONG_S, wait_for

ASSUMED_S = BEAT_S * (BEATS_MISSED_MAX + 2) + LONG_S


def test_a_proxy_killed_while_fifty_streams_run(parted: Parted) -> None:
    with parted.traffic(clients=50, rounds=1, only=True, tokens=80, stream_ms=1000) as traffic:
        wait_for(lambda: len(parted.upstream_open()) == 50, "50 streams at the upstream")
        assert parted.open_holds() == 50
        parted.proxy.kill()
    assert {got.whole for got in traffic.got} == {False}
    parted.proxy.start()
    wait_for(lambda: parted.open_holds() == 0, "the sweep", ASSUMED_S)
    parted.check()
    for got in traffic.got:
        (entry,) = parted.entries(got.name)
        assert entry.status == "assumed"
        assert entry.charge_nano == entry.held_nano
    assert parted.call().status == 200


def test_a_paused_proxy_corrects_what_was_assumed_for_it(parted: Parted) -> None:
    pending = parted.pending(tokens=10, delay_ms=6000)
    parted.proxy.stop()
    try:
        (assumed,) = parted.wait_entries(pending.ask.name)
        assert assumed.status == "assumed"
    finally:
        parted.proxy.cont()
    got = pending.result()
    assert got.status == 200
    first, correction = parted.wait_entries(pending.ask.name, 2)
    assert first == assumed
    assert correction.status == "correction"
    assert correction.charge_nano < 0
    (billed,) = [call for call in parted.upstream() if name_of(call) == got.name]
    assert first.provider_nano + correction.provider_nano == billed["provider_nano"]
    parted.check()


def test_a_proxy_paused_through_a_whole_recovery_settles_what_it_had(parted: Parted) -> None:
    pending = [parted.pending(tokens=10, delay_ms=6000) for _ in range(2)]
    epoch = parted.meta("epoch")
    parted.proxy.stop()
    try:
        with parted.redis() as client:
            client.flushall()
        parted.wait_rebuilt(epoch)
        wait_for(lambda: not parted.upstream_open(), "the answers to lie ready")
    finally:
        parted.proxy.cont()
    for one in pending:
        assert one.result().status == 200
        (entry,) = parted.wait_entries(one.ask.name)
        assert entry.status == "settled"
        assert entry.flags == {"recovered"}
    parted.check()


def test_a_paused_proxy_whose_holds_outlived_it_in_redis(parted: Parted) -> None:
    """Redis restarts with everything; the paused process is given up, then comes back."""
    pending = parted.pending(tokens=10, delay_ms=6000)
    epoch = parted.meta("epoch")
    parted.proxy.stop()
    try:
        parted.restart_valkey()
        parted.wait_rebuilt(epoch)
        (assumed,) = parted.wait_entries(pending.ask.name)
        assert assumed.status == "assumed"
    finally:
        parted.proxy.cont()
    assert pending.result().status == 200
    assert len(parted.wait_entries(pending.ask.name, 2)) == 2
    parted.check()


def test_a_janitor_killed_between_commit_and_acknowledge(parted: Parted) -> None:
    """Its acknowledgement does not reach Redis: the relay holds it back until it is dead."""
    parted.check()
    parted.janitor_to_redis.hold_back(parted.script("acknowledge"))
    got = [parted.call() for _ in range(5)]
    wait_for(lambda: parted.janitor_to_redis.held_back, "an acknowledgement on its way")
    committed = [one for one in got if parted.entries(one.name)]
    assert committed
    with parted.redis() as client:
        waiting = client.xlen(f"{P}outbox")
    assert waiting >= len(committed)
    parted.janitor.kill()
    parted.janitor_to_redis.heal()
    parted.janitor_to_redis.cut()
    parted.janitor.start()
    for one in got:
        assert len(parted.wait_entries(one.name)) == 1
    parted.check()


def test_a_janitor_that_never_hears_its_acknowledgement(parted: Parted) -> None:
    parted.check()
    parted.janitor_to_redis.drop_replies(parted.script("acknowledge"), once=True)
    got = [parted.call() for _ in range(3)]
    wait_for(lambda: not parted.janitor_to_redis.dropping, "a lost acknowledgement")
    for one in got:
        assert len(parted.wait_entries(one.name)) == 1
    parted.check()


def test_two_janitors_share_the_work(parted: Parted) -> None:
    second = parted.role("janitor")
    with second, parted.traffic(clients=4) as traffic:
        wait_for(lambda: traffic.succeeded > 20, "calls to succeed")
        epoch = parted.meta("epoch")
        with parted.redis() as client:
            client.flushall()
        parted.wait_recovered(epoch)
        before = traffic.succeeded
        wait_for(lambda: traffic.succeeded > before + 10, "calls to succeed again")
        second.kill()
        before = traffic.succeeded
        wait_for(lambda: traffic.succeeded > before + 10, "calls to succeed after it died")
    parted.check()
    assert psutil.pid_exists(parted.janitor.pid)
