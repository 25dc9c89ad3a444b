"""Guessing passwords is slow, from one place and from many, and locks nobody out for long.

Every try takes a token from several buckets, and gives them back when it succeeds. A bucket
fills again by itself, so that no number of wrong guesses keeps anybody out for ever:

    the address   a guesser at one place is slowed down, whatever names it tries
    the name      guessers at many places are slowed down together
    everything    so are many guessers of many names

A browser that this user has logged in from before is known by a signed cookie and has a bucket
of its own instead of the name's: others' guesses do not slow it.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from config.rules import fold

BUCKETS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """Whose tries are counted together: `size` at once, then one in `refill_s`."""

    name: str
    size: float
    refill_s: float


class Throttle:
    """The buckets of this process; the longest untouched go first where there are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, buckets: Sequence[Bucket]) -> float:
        """0 where there was a token in each, which are taken; else the seconds to wait."""
        levels = [self._level(bucket) for bucket in buckets]
        waits = [
            (1 - level) * bucket.refill_s
            for bucket, level in zip(buckets, levels, strict=True)
            if level < 1
        ]
        if waits:
            return max(waits)
        for bucket, level in zip(buckets, levels, strict=True):
            self._put(bucket, level - 1)
        return 0.0

    def give_back(self, buckets: Sequence[Bucket]) -> None:
        """A try that succeeded counts for nothing."""
        for bucket in buckets:
            self._put(bucket, min(bucket.size, self._level(bucket) + 1))

    def _level(self, bucket: Bucket) -> float:
        level, at = self._tokens.get(bucket.name, (bucket.size, self._clock()))
        return min(bucket.size, level + (self._clock() - at) / bucket.refill_s)

    def _put(self, bucket: Bucket, level: float) -> None:
        self._tokens[bucket.name] = (level, self._clock())
        self._tokens.move_to_end(bucket.name)
        while len(self._tokens) > BUCKETS_MAX:
            self._tokens.popitem(last=False)


def buckets_of(name: str, address: str, device: str | None) -> tuple[Bucket, ...]:
    """What a try of `name` from `address` counts in; `device` is a known browser's id."""
    place = Bucket(f"address {network_of(address)}", size=10, refill_s=20)
    if device is not None:
        return (Bucket(f"device {device}", size=10, refill_s=20),)
    digest = hashlib.sha256(fold(name).encode()).hexdigest()
    return (
        place,
        Bucket(f"name {digest}", size=10, refill_s=20),
        Bucket("everything", size=60, refill_s=1),
    )


def network_of(address: str) -> str:
    """The address, or the /64 of one of IPv6: those are one customer's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def device_cookie(secret: bytes, user: str) -> str:
    """What a browser keeps that has logged `user` in."""
    device = secrets.token_hex(12)
    return f"{device}.{_signature(secret, user, device)}"


def known_device(secret: bytes, user: str, cookie: str | None) -> str | None:
    """The id in a cookie that was made for `user`; None where it was not."""
    device, _, signature = (cookie or "").partition(".")
    right = _signature(secret, user, device)
    return device if hmac.compare_digest(signature.encode(), right.encode()) else None


def _signature(secret: bytes, user: str, device: str) -> str:
    return hmac.new(secret, f"device {fold(user)} {device}".encode(), hashlib.sha256).hexdigest()
