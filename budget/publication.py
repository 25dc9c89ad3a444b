"""Publishing the rules of a configuration: new counters start with what was spent already."""

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from budget.windows import current_window
from config.rules import Rule
from storage import generations
from storage.errors import NotReady
from storage.generations import Generation, NewCounter
from storage.ledger import Ledger
from storage.outbox import Outbox
from storage.redis_link import RedisLink
from storage.snapshot import read_standing

_TRIES_MAX: Final = 50
_log = logging.getLogger("purser.publication")


class Publication:
    """Puts rules in force for a whole deployment."""

    def __init__(self, link: RedisLink, ledger: Ledger) -> None:
        self._link = link
        self._ledger = ledger
        self._outbox = Outbox(link, ledger)

    async def publish(self, rules: Sequence[Rule], digest: str) -> Generation:
        """Put `rules` in force, unless they are already; returns the generation in force.

        Raises `NotReady` while Redis is rebuilt, and `LedgerUnavailable` where a new counter
        cannot be filled: then the generation before stays.
        """
        for _ in range(_TRIES_MAX):
            before = await generations.load(self._link)
            if before is not None and before.digest == digest and before.rules == tuple(rules):
                return before
            answer = await self._try(before, rules, digest)
            if answer == "published":
                after = await generations.load(self._link)
                if after is not None:
                    _log.info("rules are in force", extra={"generation": after.number})
                    return after
        raise NotReady("the rules could not be published: others are changing them all the time")

    async def _try(self, before: Generation | None, rules: Sequence[Rule], digest: str) -> str:
        known = {rule.counter for rule in before.rules} if before else set()
        standing = await read_standing(self._link)
        fresh = [
            NewCounter(rule, current_window(rule, standing.now_ms))
            for rule in rules
            if rule.counter not in known
        ]
        async with AsyncExitStack() as stack:
            # New counters are good for one number alone: under load a drain that went on
            # meanwhile would overtake their sums every time.
            still = self._outbox.drained()
            drained = await stack.enter_async_context(still) if fresh else standing.drained
            return await generations.publish(
                self._link, self._ledger, standing.epoch, before, rules, digest, fresh, drained
            )
