"""Counters, open holds and the sequence, read from Redis at one moment."""

from dataclasses import dataclass

from storage import scripts
from storage.holds import Interval
from storage.redis_link import META, RedisLink


@dataclass(frozen=True, slots=True)
class Counted:
    """One value of a counter in a window, nano-dollars."""

    posted_nano: int
    held_nano: int


@dataclass(frozen=True, slots=True)
class CounterState:
    """One counter in one window, value by value."""

    counter: str
    window: Interval
    values: dict[str, Counted]


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that has not ended."""

    hold_id: str
    process_id: str
    state: str
    admitted_ms: int
    charge_nano: int
    provider_nano: int
    postings: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How Redis stands. `state` is ready, recovering, replaying or lost."""

    state: str
    seq: int
    drained: int
    outbox_bytes: int
    now_ms: int
    generation: str
    epoch: str
    counters: tuple[CounterState, ...]
    holds: tuple[OpenHold, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """The epoch of Redis, how far SQL has come, and Redis's clock."""

    epoch: str
    drained: int
    now_ms: int


async def read_standing(link: RedisLink) -> Moment:
    """How Redis stands, without its counters."""
    epoch, drained = await link.command("HMGET", META, "epoch", "drained")
    seconds, micros = await link.command("TIME")
    now_ms = int(seconds) * 1000 + int(micros) // 1000
    return Moment(epoch.decode() if epoch else "", int(drained or 0), now_ms)


async def read_snapshot(link: RedisLink) -> Snapshot:
    """Read it in one script."""
    state, seq, drained, size, now, generation, epoch, counters, holds = await link.run(
        scripts.SNAPSHOT
    )
    return Snapshot(
        state, int(seq), int(drained), int(size), int(now), generation, epoch,
        tuple(_counter(*counter) for counter in counters),
        tuple(
            OpenHold(name, owner, s, int(a or 0), int(c or 0), int(v or 0), po)
            for name, owner, s, a, c, v, po in holds
        ),
    )  # fmt: skip


def _counter(name: str, window_end: str, flat: list[str]) -> CounterState:
    counter, window_start = name.split(":")
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    values = {field[:-2] for field in fields}
    return CounterState(
        counter,
        Interval(int(window_start), int(window_end)),
        {
            value: Counted(int(fields.get(value + ":p", 0)), int(fields.get(value + ":h", 0)))
            for value in values
        },
    )
