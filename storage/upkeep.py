"""Keeping Redis fit to admit: rebuilt when it was lost, swept of what the dead have left."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from config.bounds import BEAT_S, BEATS_MISSED_MAX, LISTEN_S
from config.rules import Rule
from storage import campaigns, freeze, generations, overrides, scripts
from storage.errors import NotReady, StorageError
from storage.keys import Keys
from storage.ledger import Ledger
from storage.presence import LOST, READY, Standing, Watch, beat, processes
from storage.recovery import Recovery, WindowOf
from storage.redis_link import META, RedisLink

RulesOf = Callable[[], Sequence[Rule]]
_log = logging.getLogger("purser.upkeep")


class Upkeep:
    """What one janitor does for Redis. `rules_of` gives the rules of its own configuration;
    `about` is what it says of itself with each beat."""

    def __init__(
        self,
        link: RedisLink,
        ledger: Ledger,
        janitor_id: str,
        window_of: WindowOf,
        rules_of: RulesOf,
        about: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._link = link
        self._ledger = ledger
        self._keys = Keys(link, ledger)
        self._janitor_id = janitor_id
        self._window_of = window_of
        self._rules_of = rules_of
        self._about = about
        self._watch = Watch(link)
        self._looked = 0.0
        self._dead: dict[str, str] = {}
        self._proxies: set[str] | None = None
        self._frozen = ""

    async def tick(self) -> Standing:
        """Recover where Redis was lost, then assume for the dead. Raises what storage raises."""
        standing = await beat(self._link, self._janitor_id, {"kind": "janitor", **self._about()})
        if time.monotonic() - self._looked >= BEAT_S:
            self._looked = time.monotonic()
            self._dead = await self._watch.look()
        if standing.state == LOST or (standing.state != READY and await self._abandoned()):
            await self._recover()
        elif standing.state == READY:
            await self._sweep()
            self._proxies = await self._living()
            self._frozen = standing.frozen
        return standing

    async def _abandoned(self) -> bool:
        """Whether the janitor that recovers has given up: missed its beats, or is this one."""
        recoverer = await self._link.command("HGET", META, "recoverer")
        name = recoverer.decode() if recoverer else ""
        return name in (self._janitor_id, *self._dead) or name not in await self._link.hash("beats")

    async def _recover(self) -> None:
        """Rebuild Redis; its rules are those published, else those of our configuration."""
        generation = await generations.load(self._link)
        rules = generation.rules if generation else tuple(self._rules_of())
        await freeze.restore(self._link, self._ledger, self._frozen)
        # Gone, or older than what SQL has: either way the next call must find them.
        await overrides.restore(self._link, self._ledger)
        await campaigns.restore(self._link, self._ledger)
        await self._keys.restore()
        recovery = Recovery(self._link, self._ledger, self._window_of, self._janitor_id)
        async with self._beating():
            await recovery.run(rules, self._proxies)

    async def _living(self) -> set[str]:
        """The proxies that beat: after the sweep the dead are off the list."""
        told = await processes(self._link)
        return {name for name, about in told.items() if about.get("kind") == "proxy"}

    @contextlib.asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        """Beat all the while: a long recovery must not look abandoned to another janitor."""
        task = asyncio.create_task(self._beat_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(LISTEN_S)
            with contextlib.suppress(StorageError):
                await beat(self._link, self._janitor_id, {"kind": "janitor", **self._about()})

    async def _sweep(self) -> None:
        for name, beat_seen in self._dead.items():
            assumed = await self._watch.assume(name, beat_seen)
            if assumed:
                _log.error(
                    "a process stopped with calls in flight: they are charged in full",
                    extra={"proxy": name, "calls": assumed, "missed_beats": BEATS_MISSED_MAX},
                )

    async def tidy(self) -> None:
        """Forget counters, tombstones and keys of long ago; once an hour is enough."""
        await self._keys.tidy()
        if await self._link.run(scripts.TIDY) != ["ok"]:
            raise NotReady("Redis did not tidy")
