"""The configuration in force in this process: the file is watched, a change is published."""

import asyncio
import logging
from operator import attrgetter
from typing import Final

from budget.publication import Publication
from config.origins import ConfigError
from config.settings import Loaded
from config.watch import ConfigWatch
from storage import generations
from storage.redis_link import META, RedisLink

NEEDS_RESTART: Final = (
    "environment", "server.host", "server.port", "server.workers", "storage.redis_url",
    "storage.database_url", "storage.data_dir",
)  # fmt: skip
"""Settings that a running process cannot take up."""
_log = logging.getLogger("purser.config")


class Live:
    """What the file says now. A file that turns bad changes nothing, and is told of."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.problem: str | None = None
        self._watch = ConfigWatch(loaded)
        self._announced = ""

    async def look(self) -> Loaded | None:
        """The configuration before, where the file brought a new one; else None."""
        news = await asyncio.to_thread(self._watch.poll)
        if news is None:
            return None
        if isinstance(news, ConfigError):
            self.problem = "; ".join(str(problem) for problem in news.problems)
            _log.error("the changed configuration is not used", extra={"why": self.problem})
            return None
        before, self.loaded, self.problem = self.loaded, news, None
        for setting in NEEDS_RESTART:
            value = attrgetter(setting)
            if value(before.settings) != value(news.settings):
                _log.warning(
                    "a restart is needed for this to take effect", extra={"setting": setting}
                )
        _log.info("the configuration has changed", extra={"digest": news.digest})
        return before


class Publisher:
    """Publishes this process's rules: at its start where it leads, and whenever its file changes.

    A process that does not lead publishes a change only where the generation in force is the
    one that it had itself: one with another file says so, and changes nothing.
    """

    def __init__(
        self, live: Live, link: RedisLink, publication: Publication, *, leads: bool
    ) -> None:
        self._live = live
        self._link = link
        self._publication = publication
        self._leads = leads
        self._pending = leads
        self._after: str | None = None
        self._epoch: bytes | None = None

    async def tick(self) -> None:
        """Look at the file; publish what is due. Raises what storage raises; then it stays due."""
        before = await self._live.look()
        if before is not None:
            self._pending, self._after = True, before.digest
        if self._leads:
            # A Redis that was rebuilt may be back at older rules, or have none.
            epoch = await self._link.command("HGET", META, "epoch")
            self._pending, self._epoch = self._pending or epoch != self._epoch, epoch
        if not self._pending:
            return
        loaded = self._live.loaded
        if not self._leads:
            standing = await generations.load(self._link)
            if standing is not None and standing.digest not in (self._after, loaded.digest):
                self._pending = False
                _log.error(
                    "another configuration is in force: this file's rules are not used",
                    extra={"generation": standing.number, "digest": loaded.digest},
                )
                return
        await self._publication.publish(loaded.rules, loaded.digest)
        self._pending = False
