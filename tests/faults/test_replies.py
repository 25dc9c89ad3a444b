"""Requests to Redis and their replies get lost, late or doubled: nothing leaks, nothing doubles."""

import pytest

from tests.faults.stand import P, Parted
from tests.waiting import wait_for

GIVEN_UP_S = 30.0
"""A process that is late itself waits for Redis again and again before it gives up."""


def _statuses(parted: Parted, name: str) -> list[str]:
    return [entry.status.value for entry in parted.entries(name)]


def test_a_reserve_whose_reply_is_lost_is_voided(parted: Parted) -> None:
    parted.to_redis.drop_replies(parted.script("reserve"), once=True)
    got = parted.call()
    assert not parted.to_redis.dropping
    assert got.status == 503
    assert got.header("retry-after")
    assert not parted.received(got.name)
    (entry,) = parted.wait_entries(got.name)
    assert (entry.status, entry.charge_nano) == ("voided", 0)
    assert entry.held_nano > 0
    assert parted.open_holds() == 0
    assert parted.call().status == 200
    parted.check()


def test_a_reserve_that_never_arrives_leaves_a_tombstone_alone(parted: Parted) -> None:
    parted.to_redis.drop_requests(parted.script("reserve"), once=True)
    got = parted.call()
    assert got.status == 503
    assert not parted.received(got.name)
    request_id = got.header("x-purser-request-id")
    assert parted.hold_state(request_id) == "voided"
    parted.check()
    assert _statuses(parted, got.name) == []


def test_a_reserve_that_arrives_after_its_void_is_refused(parted: Parted) -> None:
    """The request waits on its way until the proxy has given up and voided it."""
    parted.to_redis.hold_back(parted.script("reserve"))
    got = parted.call()
    assert got.status == 503
    request_id = got.header("x-purser-request-id")
    wait_for(lambda: parted.hold_state(request_id) == "voided", "its tombstone")
    parted.to_redis.let_go()
    wait_for(lambda: parted.to_redis.let_through, "the late request to arrive")
    assert parted.call().status == 200
    assert parted.hold_state(request_id) == "voided"
    assert not parted.received(got.name)
    parted.check()


def test_a_reply_that_comes_too_late_counts_as_lost(parted: Parted) -> None:
    parted.to_redis.add_latency(GIVEN_UP_S, to=parted.script("reserve"))
    try:
        got = parted.call()
    finally:
        parted.to_redis.heal()
    assert got.status == 503
    assert not parted.received(got.name)
    (entry,) = parted.wait_entries(got.name)
    assert entry.status == "voided"
    parted.wait_ready()
    parted.check()


@pytest.mark.parametrize("stream", [False, True])
def test_a_settle_whose_reply_is_lost_is_charged_once(parted: Parted, stream: bool) -> None:
    parted.to_redis.drop_replies(parted.script("end"), once=True)
    got = parted.call(stream=stream)
    assert not parted.to_redis.dropping
    assert (got.status, got.whole) == (200, True)
    (entry,) = parted.wait_entries(got.name)
    assert entry.status == "settled"
    assert not entry.flags
    parted.check()


def test_a_settle_that_never_arrives_is_told_again(parted: Parted) -> None:
    parted.to_redis.drop_requests(parted.script("end"), once=True)
    got = parted.call()
    assert (got.status, got.whole) == (200, True)
    (entry,) = parted.wait_entries(got.name)
    assert entry.status == "settled"
    parted.check()


def test_many_lost_replies_under_load(parted: Parted) -> None:
    with parted.traffic(clients=6) as traffic:
        for script in ("reserve", "end", "reserve", "end", "reserve"):
            parted.to_redis.drop_replies(parted.script(script), once=True)
            wait_for(lambda: not parted.to_redis.dropping, "a reply to be lost")
        before = traffic.succeeded
        wait_for(lambda: traffic.succeeded > before + 10, "calls to succeed")
    assert set(traffic.statuses) <= {200, 503}
    assert traffic.statuses[503] >= 3
    parted.check()
    with parted.redis() as client:
        assert client.hlen(f"{P}open") == 0


def test_a_cut_line_to_redis_closes_admission_and_loses_no_call(parted: Parted) -> None:
    pending = parted.pending(tokens=10, delay_ms=1000)
    parted.to_redis.refuse()
    try:
        refused = parted.call()
        assert refused.status == 503
        assert not parted.received(refused.name)
        got = pending.result()
        assert got.status == 200
    finally:
        parted.to_redis.heal()
    (entry,) = parted.wait_entries(pending.ask.name)
    assert entry.status == "settled"
    parted.wait_ready()
    parted.check()
