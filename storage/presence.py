"""Which processes live: each beats by itself; a janitor watches and assumes for the dead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from config.bounds import ASSUME_BATCH, BEATS_MISSED_MAX
from storage import scripts
from storage.errors import NotReady
from storage.redis_link import RedisLink

READY: Final = "ready"
RECOVERING: Final = "recovering"
REPLAYING: Final = "replaying"
LOST: Final = "lost"

JOB_OWNER: Final = "job:"
"""Begins the name of an owner that is a job: it does not beat, and is never swept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand in Redis, as a beat hears it. `frozen` says why, or is empty."""

    state: str
    epoch: str
    generation: str
    drained: int
    frozen: str
    digest: str
    seq: int
    outbox_bytes: int
    now_ms: int


async def beat(link: RedisLink, process_id: str, about: Mapping[str, Any]) -> Standing:
    """Say that `process_id` lives."""
    state, epoch, generation, drained, frozen, digest, seq, size, now = await link.run(
        scripts.BEAT, process_id, orjson.dumps(dict(about))
    )
    return Standing(
        state, epoch, generation, int(drained), frozen, digest, int(seq), int(size), int(now)
    )


async def leave(link: RedisLink, process_id: str) -> bool:
    """Take a process off the list; refused while it has holds."""
    return bool(await link.run(scripts.LEAVE, process_id) == ["left"])


async def processes(link: RedisLink) -> dict[str, dict[str, Any]]:
    """What each living process says of itself."""
    return {name: orjson.loads(about) for name, about in (await link.hash("processes")).items()}


class Watch:
    """One janitor's own watch: a process is dead after this janitor saw it miss three beats.

    What another janitor saw, or a time stamp in Redis, proves nothing: clocks jump, and a
    machine that was paused sees all others as late.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._seen: dict[str, tuple[str, int]] = {}

    async def look(self) -> dict[str, str]:
        """Count one interval; returns the dead processes with the beat at which each stopped.

        Call it once every `BEAT_S`.
        """
        beats = await self._link.hash("beats")
        owners = {
            owner
            for owner in (await self._link.hash("open")).values()
            if not owner.startswith(JOB_OWNER)
        }
        looked = {name: beats.get(name, "") for name in {*beats, *owners}}
        fresh: dict[str, tuple[str, int]] = {}
        for name, count in looked.items():
            last, missed = self._seen.get(name, (None, 0))
            fresh[name] = (count, missed + 1 if last == count else 0)
        self._seen = fresh
        return {
            name: count for name, (count, missed) in fresh.items() if missed >= BEATS_MISSED_MAX
        }

    async def assume(self, process_id: str, beat_seen: str) -> int:
        """Assume the holds of a dead process, unless it beats after all; returns how many."""
        assumed = 0
        while True:
            match await self._link.run(scripts.ASSUME, process_id, beat_seen, ASSUME_BATCH):
                case ["assumed", count, more]:
                    assumed += int(count)
                    if more == "all":
                        return assumed
                case ["alive"]:
                    return assumed
                case _:
                    raise NotReady("Redis has not been verified yet, or is being rebuilt")
