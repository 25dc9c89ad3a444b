"""The janitor's minute sample of how the machinery stands."""

import time

from storage.errors import RedisUnavailable, ReplyLost
from storage.glance import glance
from storage.ledger import Ledger
from storage.presence import READY, processes
from storage.redis_link import RedisLink
from storage.samples import MINUTE_MS, Sample, write


class Sampling:
    """Takes one sample a minute; any number of janitors may."""

    def __init__(self, link: RedisLink, ledger: Ledger) -> None:
        self._link = link
        self._ledger = ledger
        self._minute = -1

    async def tick(self) -> None:
        """Take this minute's sample, unless it is taken; raises `LedgerUnavailable`."""
        now_ms = int(time.time() * 1000)
        minute = now_ms - now_ms % MINUTE_MS
        if minute == self._minute:
            return
        await write(self._ledger, await self.sample(minute))
        self._minute = minute

    async def sample(self, minute_ms: int) -> Sample:
        """How things stand now."""
        try:
            look = await glance(self._link)
            told = await processes(self._link)
        except (RedisUnavailable, ReplyLost):
            return Sample(minute_ms, redis=False, proxies=0, outbox_bytes=0)
        proxies = sum(1 for about in told.values() if about.get("kind") == "proxy")
        return Sample(minute_ms, look.state == READY, proxies, look.outbox_bytes)
