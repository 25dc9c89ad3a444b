"""Guessing is slow from one place and from many, and keeps nobody out for ever."""

from dashboard.throttle import Throttle, buckets_of, device_cookie, known_device


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tries(throttle: Throttle, buckets: list[tuple[str, str, str | None]]) -> int:
    """How many of these are let through."""
    return sum(not throttle.take(buckets_of(*one)) for one in buckets)


def test_one_place_gets_ten_tries_then_one_in_twenty_seconds() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert tries(throttle, [(f"user{n}", "10.0.0.1", None) for n in range(50)]) == 10
    clock.now += 20
    assert tries(throttle, [(f"user{n}", "10.0.0.1", None) for n in range(50)]) == 1
    assert tries(throttle, [("ada", "10.0.0.2", None)]) == 1


def test_many_places_share_the_tries_of_one_name() -> None:
    throttle = Throttle(Clock())
    assert tries(throttle, [("Ada", f"10.0.0.{n}", None) for n in range(200)]) == 10


def test_one_ipv6_customer_is_one_place() -> None:
    throttle = Throttle(Clock())
    assert tries(throttle, [(f"u{n}", f"2001:db8::{n:x}", None) for n in range(50)]) == 10


def test_many_places_and_many_names_are_slow_too() -> None:
    throttle = Throttle(Clock())
    assert tries(throttle, [(f"u{n}", f"10.0.{n}.1", None) for n in range(200)]) == 60


def test_others_guesses_do_not_keep_a_known_browser_out() -> None:
    throttle, secret = Throttle(Clock()), b"s" * 32
    tries(throttle, [("ada", f"10.0.0.{n}", None) for n in range(200)])
    device = known_device(secret, "ADA", device_cookie(secret, "ada"))
    assert device is not None
    assert tries(throttle, [("ada", "10.0.0.250", device)] * 30) == 10
    assert known_device(secret, "bob", device_cookie(secret, "ada")) is None
    assert known_device(secret, "ada", f"{device}.{'0' * 64}") is None
    assert known_device(secret, "ada", None) is None


def test_a_login_that_succeeds_counts_for_nothing() -> None:
    throttle = Throttle(Clock())
    for _ in range(100):
        buckets = buckets_of("ada", "10.0.0.1", None)
        assert not throttle.take(buckets)
        throttle.give_back(buckets)
