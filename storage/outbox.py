"""From the outbox into the ledger: in batches, idempotent, acknowledged after commit."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import orjson

from config.bounds import DRAIN_BATCH
from storage import scripts
from storage.entries import entry_of
from storage.errors import LedgerRejected, NotReady
from storage.ledger import Ledger
from storage.records import LedgerEntry
from storage.redis_link import META, PREFIX, RedisLink

OUTBOX: Final = PREFIX + "outbox"
QUARANTINE: Final = PREFIX + "quarantine"
_log = logging.getLogger("purser.outbox")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read of the outbox gave: numbers up to `to`, of which some cannot be read."""

    start: int
    to: int
    size: int
    entries: tuple[LedgerEntry, ...]
    broken: tuple[tuple[int, str, bytes], ...]


class Outbox:
    """The stream through which a settled call reaches the ledger."""

    def __init__(self, link: RedisLink, ledger: Ledger) -> None:
        self._link = link
        self._ledger = ledger

    async def tick(self) -> int:
        """Move one batch into SQL; returns how many entries it took.

        Raises `LedgerUnavailable` and `RedisUnavailable`; nothing is lost by either.
        """
        async with self._ledger.draining:
            return await self._move()

    async def _move(self) -> int:
        batch = await self._read()
        if batch is None:
            return 0
        rejected = [
            (r.entry.seq, r.why, _dump(r.entry)) for r in await self._ledger.append(batch.entries)
        ]
        for seq, why, record in (*batch.broken, *rejected):
            _log.error("outbox entry is quarantined", extra={"seq": seq, "why": why})
            await self._link.command("HSET", QUARANTINE, str(seq), record)
        await self._link.run(scripts.ACKNOWLEDGE, batch.start, batch.to, batch.size)
        return batch.to - batch.start

    async def drain(self) -> int:
        """Move everything that stands in the outbox now; returns the last number."""
        async with self.drained() as number:
            return number

    @asynccontextmanager
    async def drained(self) -> AsyncIterator[int]:
        """Drain, and move nothing more in this process while the block lasts.

        Sums of the ledger up to the number that it gives stay what the outbox begins with.
        """
        async with self._ledger.draining:
            yield await self._drain()

    async def _drain(self) -> int:
        last = int(await self._link.command("HGET", META, "seq") or 0)
        while int(await self._link.command("HGET", META, "drained") or 0) < last:
            if await self._move() == 0:
                break
        return int(await self._link.command("HGET", META, "drained") or 0)

    async def _read(self) -> Batch | None:
        start = int(await self._link.command("HGET", META, "drained") or 0)
        rows = await self._link.command(
            "XRANGE", OUTBOX, f"{start + 1}-0", "+", "COUNT", str(DRAIN_BATCH)
        )
        if not rows:
            return None
        entries: list[LedgerEntry] = []
        broken: list[tuple[int, str, bytes]] = []
        size = to = 0
        for identifier, flat in rows:
            to = int(identifier.split(b"-")[0])
            fields = {
                name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)
            }
            size += int(fields.get("b", b"0"))
            try:
                entries.append(entry_of(to, fields))
            except LedgerRejected as error:
                broken.append(
                    (
                        to,
                        str(error),
                        orjson.dumps({k: v.decode(errors="replace") for k, v in fields.items()}),
                    )
                )
        return Batch(start, to, size, tuple(entries), tuple(broken))


def _dump(entry: LedgerEntry) -> bytes:
    return orjson.dumps(entry, default=sorted)


async def quarantined(link: RedisLink) -> dict[int, str]:
    """Records that SQL would not take, by sequence number."""
    return {int(seq): record for seq, record in (await link.hash("quarantine")).items()}


async def close_refusals(link: RedisLink) -> int:
    """Write the refusals of minutes that are over to the outbox; returns how many lines."""
    closed = 0
    while True:
        match await link.run(scripts.REFUSALS, DRAIN_BATCH):
            case ["closed", count, more]:
                closed += int(count)
                if more == "0":
                    return closed
            case _:
                raise NotReady("Redis has not been verified yet, or is being rebuilt")
