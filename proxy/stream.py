"""A stream on its way to the client: every event metered, settled before its end is passed on."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from budget.settlement import Receipt
from config.money import usd_text
from proxy.errors import Cut
from proxy.forward import Answer
from proxy.hold import OpenHold
from proxy.meter import StreamMeter
from proxy.reply import Reply
from proxy.sse import Event, EventReader
from storage.records import Flag

PIECE_BYTES: Final = 2**20
"""Decompressed at once: a small compressed chunk may stand for very much."""
ZLIB_OR_GZIP: Final = 47
COUNTED: Final = frozenset({Flag.ESTIMATED, Flag.NO_USAGE})
LEFT: Final = frozenset({Flag.ESTIMATED, Flag.CLIENT_GONE})

Decode = Callable[[bytes], Iterable[bytes]]


class Relay:
    """Passes one stream on, event by event, as it arrives."""

    def __init__(
        self, answer: Answer, reply: Reply, meter: StreamMeter, hold: OpenHold, tell_cost: bool
    ) -> None:
        self._answer = answer
        self._reply = reply
        self._meter = meter
        self._hold = hold
        self._tell_cost = tell_cost
        self._reader = EventReader()
        self._decode = decoder(answer.content_encoding)
        self._encoded = answer.content_encoding is not None
        self._receipt: Receipt | None = None

    async def run(self) -> None:
        """Relay to the end; the head has been sent. Raises `Sent` errors for a stream cut short.

        An incomplete stream leaves the hold to whoever holds it.
        """
        async for chunk in self._answer.chunks():
            await self._pass(chunk, self._events(chunk))
        await self._pass(b"", self._reader.close())
        if self._decode is unreadable and not self._hold.ended:
            await self._hold.assume()
        if not self._hold.ended:
            if not self._meter.reading.complete:
                raise Cut("the stream ended before its last event")
            await self._settle_counted()
        await self._reply.finish()

    def _events(self, chunk: bytes) -> Iterator[Event]:
        try:
            for piece in self._decode(chunk):
                yield from self._reader.feed(piece)
        except zlib.error as error:
            raise Cut("the stream is not compressed as it says") from error

    async def _pass(self, chunk: bytes, events: Iterable[Event]) -> None:
        shown = [raw for event in events for raw in await self._follow(event)]
        out = chunk if self._encoded else b"".join(shown)
        if out:
            await self._reply.send(out)

    async def _follow(self, event: Event) -> list[bytes]:
        """Meter one event, settle where it is time, and say what the client gets of it."""
        step = self._meter.feed(event)
        if step.settle is not None and step.settle.usage is not None and not self._hold.ended:
            self._receipt = await self._hold.settle(step.settle, step.settle.usage)
        if not step.done:
            return [event.raw] if step.pass_on else []
        if not self._hold.ended:
            await self._settle_counted()
        comment = [self._cost_comment()] if self._tell_cost else []
        return [*comment, event.raw] if step.pass_on else comment

    async def _settle_counted(self) -> None:
        self._receipt = await self._hold.settle(self._meter.reading, self._meter.seen(), COUNTED)

    def _cost_comment(self) -> bytes:
        charge = 0 if self._receipt is None else self._receipt.amounts.charge
        return f": purser-cost-usd {usd_text(charge)}\n\n".encode()

    async def settle_seen(self) -> None:
        """The client has left: charge what was produced until then."""
        if not self._hold.ended:
            await self._hold.settle(self._meter.reading, self._meter.seen(), LEFT)


def decoder(content_encoding: str | None) -> Decode:
    """Turns chunks into the plain bytes that are metered; none for a coding we cannot read."""
    if content_encoding is None:
        return lambda chunk: (chunk,)
    if content_encoding in ("gzip", "x-gzip", "deflate"):
        return _inflate(zlib.decompressobj(ZLIB_OR_GZIP))
    return unreadable


def unreadable(_chunk: bytes) -> tuple[bytes, ...]:
    """Of a coding that we do not know, nothing is read: its call is charged as held."""
    return ()


def _inflate(state: "zlib._Decompress") -> Decode:
    def decode(chunk: bytes) -> Iterator[bytes]:
        while chunk:
            yield state.decompress(chunk, PIECE_BYTES)
            chunk = state.unconsumed_tail

    return decode
