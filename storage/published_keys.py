"""Purser's keys in Redis: what each proxy reads per call, so that a change binds at once."""

import hmac
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from config.bounds import KEY_TOUCH_S
from storage import scripts
from storage.errors import NotReady, RedisUnavailable
from storage.key_records import BadKey, KeyRecord, Kind, digest_of, forget_ms_of, packed, unpacked
from storage.redis_link import PREFIX, Argument, RedisLink

KEYS: Final = PREFIX + "keys"
COMPLETE: Final = "complete"
"""A field beside the digests: Redis has every key that SQL has."""
BATCH: Final = 500
"""Keys that one script takes."""
_log = logging.getLogger("purser.keys")


def now_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


class PublishedKeys:
    """The hash of all keys, and the hash of their last uses. Raises `RedisUnavailable`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._touched: dict[str, int] = {}

    async def find(self, secret: str, kind: Kind) -> KeyRecord:
        """The live key of a secret; raises `BadKey`, and `NotReady` while keys are missing."""
        digest = digest_of(secret)
        if digest is None:
            raise BadKey("unknown")
        found, complete = await self._link.command("HMGET", KEYS, digest, COMPLETE)
        if complete is None:
            raise NotReady("the keys have not been brought into Redis yet")
        if found is None:
            raise BadKey("unknown")
        record = unpacked(found)
        if not hmac.compare_digest(record.digest, digest):
            raise BadKey("unknown")
        if record.kind != kind:
            raise BadKey("kind")
        problem = record.problem(now_ms())
        if problem is not None:
            raise BadKey(problem)
        return record

    async def touch(self, record: KeyRecord) -> None:
        """Note that a key was used, at most once a minute: not each call is worth a write."""
        now = now_ms()
        if now - self._touched.get(record.digest, 0) < KEY_TOUCH_S * 1000:
            return
        self._touched[record.digest] = now
        try:
            await self._link.run(scripts.KEYS, "used", record.digest, now)
        except RedisUnavailable as error:
            _log.info("a key's use was not noted", extra={"why": str(error)})

    async def publish(self, records: Sequence[KeyRecord]) -> None:
        """Bring these keys to Redis, where it has no newer version of them."""
        for at in range(0, len(records), BATCH):
            flat: list[Argument] = []
            for record in records[at : at + BATCH]:
                flat += [record.digest, record.version, packed(record)]
            await self._link.run(scripts.KEYS, "publish", *flat)

    async def complete(self) -> None:
        """Say that Redis has every key."""
        await self._link.run(scripts.KEYS, "complete")

    async def is_complete(self) -> bool:
        """Whether Redis has every key: not after it was emptied."""
        return await self._link.command("HGET", KEYS, COMPLETE) is not None

    async def uses(self) -> Mapping[str, int]:
        """When keys, by their digests, were last used, as far as SQL was not told."""
        return {digest: int(at) for digest, at in (await self._link.hash("key_uses")).items()}

    async def forget_uses(self, uses: Mapping[str, int]) -> None:
        """SQL was told of these uses; a later one stays."""
        flat = [part for use in uses.items() for part in use]
        await self._link.run(scripts.KEYS, "written", *flat)

    async def tidy(self) -> None:
        """Forget keys that ended long ago; once an hour is enough."""
        kept, now = await self._link.hash("keys"), now_ms()
        gone = [
            digest
            for digest, value in kept.items()
            if digest != COMPLETE and forget_ms_of(value) <= now
        ]
        for at in range(0, len(gone), BATCH):
            await self._link.run(scripts.KEYS, "forget", *gone[at : at + BATCH])
