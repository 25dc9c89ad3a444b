"""A stream on its way to the client: every event metered, settled before its end is passed on."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from budget.settlement import Receipt
from config.money import usd_text
from proxy.decoding import AnswerDecoder, Undecodable
from proxy.errors import Cut
from proxy.forward import Answer
from proxy.hold import OpenHold
from proxy.meter import StreamMeter
from proxy.reply import Reply
from proxy.sse import Event, EventReader
from storage.records import Flag

COUNTED: Final = frozenset({Flag.ESTIMATED, Flag.NO_USAGE})
LEFT: Final = frozenset({Flag.ESTIMATED, Flag.CLIENT_GONE})


Started = Callable[[str], Awaitable[object]]
"""Is told how the provider calls work that outlives its request."""


class Relay:
    """Passes one stream on, event by event, as it arrives."""

    def __init__(
        self,
        answer: Answer,
        reply: Reply,
        meter: StreamMeter,
        hold: OpenHold,
        tell_cost: bool,
        started: Started | None = None,
    ) -> None:
        """`started` is told the id of a background response, which goes on by itself."""
        self._answer = answer
        self._reply = reply
        self._meter = meter
        self._hold = hold
        self._tell_cost = tell_cost
        self._reader = EventReader()
        self._encoded = answer.content_encoding is not None
        self._readable = True
        self._decoder: AnswerDecoder | None = None
        self._receipt: Receipt | None = None
        self._started = started

    async def run(self) -> None:
        """Relay to the end; the head has been sent. Raises `Sent` errors for a stream cut short.

        An incomplete stream leaves the hold to whoever holds it.
        """
        async for chunk in self._answer.chunks():
            await self._pass(chunk, self._events(chunk))
        await self._pass(b"", self._reader.close())
        if not self._readable and self._hold.ours:
            await self._hold.assume()
        if self._hold.ours:
            if not (self._meter.reading.complete or self._meter.reading.failed):
                raise Cut("the stream ended before its last event")
            await self._settle_rest()
        await self._reply.finish()

    def _events(self, chunk: bytes) -> list[Event]:
        """The events that a chunk completes; none once the stream cannot be decoded."""
        if not self._encoded:
            return self._reader.feed(chunk)
        if not self._readable:
            return []
        try:
            if self._decoder is None:
                self._decoder = AnswerDecoder(self._answer.content_encoding)
            return self._reader.feed(self._decoder.feed(chunk))
        except Undecodable:
            self._readable = False
            return []

    async def _pass(self, chunk: bytes, events: Iterable[Event]) -> None:
        shown = [raw for event in events for raw in await self._follow(event)]
        out = chunk if self._encoded else b"".join(shown)
        if out:
            await self._reply.send(out)

    async def _follow(self, event: Event) -> list[bytes]:
        """Meter one event, settle where it is time, and say what the client gets of it."""
        step = self._meter.feed(event)
        if self._started is not None and self._hold.ours and self._meter.reading.response_id:
            self._hold.pass_on()
            await self._started(self._meter.reading.response_id)
        if step.settle is not None and step.settle.usage is not None and not self._hold.ended:
            self._receipt = await self._hold.settle(step.settle, step.settle.usage)
        if not step.done:
            return [event.raw] if step.pass_on else []
        if not self._hold.ended:
            await self._settle_counted()
        comment = [self._cost_comment()] if self._tell_cost else []
        return [*comment, event.raw] if step.pass_on else comment

    async def _settle_rest(self) -> None:
        """The end has come without having been announced."""
        reading = self._meter.reading
        if reading.usage is not None:
            self._receipt = await self._hold.settle(reading, reading.usage)
        else:
            await self._settle_counted()

    async def _settle_counted(self) -> None:
        self._receipt = await self._hold.settle(self._meter.reading, self._meter.seen(), COUNTED)

    def _cost_comment(self) -> bytes:
        charge = 0 if self._receipt is None else self._receipt.amounts.charge
        return f": purser-cost-usd {usd_text(charge)}\n\n".encode()

    async def settle_seen(self) -> None:
        """The client has left: charge what was produced until then."""
        if not self._hold.ours:
            return
        if self._started is not None:
            await self._hold.assume()
        else:
            await self._hold.settle(self._meter.reading, self._meter.seen(), LEFT)
