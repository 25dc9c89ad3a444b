"""What a client reads when Purser itself answers."""

import orjson
import pytest

from budget.errors import Refused, Unavailable
from proxy.errors import (
    Cut,
    NeverSent,
    NotConnectedInTime,
    TimedOut,
    no_answer,
    refused,
    unavailable,
)
from storage.holds import NO_WINDOW_END_MS, Refusal


def spent(reason="budget_exceeded", window_end_ms=1_767_225_600_000, **more):
    given = {
        "rule": "content-daily",
        "limit_nano": 40_000_000_000,
        "posted_nano": 39_000_000_000,
        "held_nano": 500_000_000,
        "needed_nano": 750_000_000,
        "now_ms": 1_767_225_600_000 - 90_500,
    } | more
    return Refused(Refusal(reason=reason, window_end_ms=window_end_ms, **given))


def test_a_spent_budget_reads_as_openai_says_it_with_the_rule_in_it():
    refusal = refused(spent(), 429)
    body = refusal.body()
    error = orjson.loads(body)["error"]
    assert refusal.status == 429
    assert error["type"] == error["code"] == "insufficient_quota"
    assert error["param"] is None
    assert error["purser"] == {
        "reason": "budget_exceeded",
        "rule": "content-daily",
        "limit_usd": 40.0,
        "resets_at": "2026-01-01T00:00:00Z",
    }
    assert b'"limit_usd":40.00' in body, "money is written from integers"
    assert "content-daily" in error["message"]
    assert dict(refusal.headers) == {
        b"x-purser-refusal": b"budget_exceeded",
        b"x-should-retry": b"false",
        b"x-purser-reset": b"2026-01-01T00:00:00Z",
        b"retry-after": b"91",
    }


def test_a_status_that_every_client_stops_on_may_be_chosen():
    assert refused(spent(), 402).status == 402


@pytest.mark.parametrize(("wait_ms", "told"), [(10, b"1"), (3_600_000, b"3600"), (10**9, b"3600")])
def test_retry_after_is_the_reset_but_at_most_an_hour(wait_ms, told):
    refusal = refused(spent(window_end_ms=wait_ms, now_ms=0), 429)
    assert dict(refusal.headers)[b"retry-after"] == told


def test_a_total_budget_tells_no_reset():
    refusal = refused(spent(window_end_ms=NO_WINDOW_END_MS), 429)
    names = dict(refusal.headers)
    assert b"retry-after" not in names
    assert b"x-purser-reset" not in names
    assert orjson.loads(refusal.body())["error"]["purser"]["resets_at"] is None


def test_a_budget_that_is_only_held_may_be_tried_again():
    refusal = refused(spent("budget_in_flight"), 402)
    error = orjson.loads(refusal.body())["error"]
    assert refusal.status == 429
    assert error["type"] == "rate_limit_exceeded"
    assert error["purser"]["reason"] == "budget_in_flight"
    headers = dict(refusal.headers)
    assert headers[b"x-should-retry"] == b"true"
    assert int(headers[b"retry-after-ms"]) > 0


def test_frozen_says_so_and_how_it_ends():
    refusal = refused(spent("frozen", rule=None), 429)
    assert "purser thaw" in refusal.message
    assert dict(refusal.headers)[b"x-purser-refusal"] == b"frozen"
    assert orjson.loads(refusal.body())["error"]["purser"] == {"reason": "frozen"}


def test_without_redis_nothing_is_served():
    refusal = unavailable(Unavailable("Redis does not answer", 3))
    assert refusal.status == 503
    assert dict(refusal.headers)[b"retry-after"] == b"3"
    assert "Redis does not answer" in refusal.message


@pytest.mark.parametrize(
    ("error", "charged", "status", "retry"),
    [
        (NeverSent("x"), False, 502, None),
        (NotConnectedInTime("x"), False, 504, None),
        (TimedOut("x"), True, 504, b"false"),
        (Cut("x"), True, 502, b"false"),
    ],
)
def test_an_upstream_without_an_answer_is_a_gateway_error(error, charged, status, retry):
    refusal = no_answer(error, charged=charged)
    assert refusal.status == status
    assert dict(refusal.headers).get(b"x-should-retry") == retry
