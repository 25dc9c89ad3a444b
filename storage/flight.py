"""The calls in flight: holds that have not ended, the oldest first, as their calls asked."""

from dataclasses import dataclass

import orjson

from storage import scripts
from storage.redis_link import RedisLink

HOLDS_MAX = 200
"""How many of the oldest are given."""


@dataclass(frozen=True, slots=True)
class Flying:
    """One call in flight; `held_nano` is the charge that is held for it."""

    hold_id: str
    admitted_ms: int
    held_nano: int
    request_id: str
    execution_id: str | None
    agent: str
    campaign: str
    task: str
    key: str
    endpoint: str
    requested_model: str


@dataclass(frozen=True, slots=True)
class Flight:
    """All calls in flight at a moment of Redis's clock. `calls` are the oldest of `total`."""

    state: str
    now_ms: int
    total: int
    calls: tuple[Flying, ...]


async def in_flight(link: RedisLink, most: int = HOLDS_MAX) -> Flight:
    """Look at them; raises what `RedisLink.run` raises."""
    state, now, total, found = await link.run(scripts.FLIGHT, most)
    return Flight(state, int(now), int(total), tuple(_flying(*one) for one in found))


def _flying(hold_id: str, admitted: str, held: str, record: str) -> Flying:
    told = orjson.loads(record)
    return Flying(
        hold_id=hold_id,
        admitted_ms=int(admitted),
        held_nano=int(held),
        request_id=told["request_id"],
        execution_id=told["execution_id"],
        agent=told["agent"],
        campaign=told["campaign"],
        task=told["task"],
        key=told["key"],
        endpoint=told["endpoint"],
        requested_model=told["requested_model"],
    )
