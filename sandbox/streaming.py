"""Sends the events of one answer at their pace, and breaks off where a fault says so."""

import time
import zlib

from sandbox.account import ANSWERED, CLIENT_GONE, CUT
from sandbox.answer import Answer
from sandbox.exchange import COOKIES, EVENT_TYPE, PAGE_TYPE, RUBBISH, WEB_PAGE, Exchange, Headers
from sandbox.faults import Fault
from sandbox.pacing import Departure, Pace

GZIP_WINDOW_BITS = 31
"""zlib's way to say: a gzip header, and the largest window."""


class Stream:
    """One answer on its way as server-sent events."""

    def __init__(self, exchange: Exchange, answer: Answer, fault: Fault, delay_ms: float) -> None:
        self._exchange = exchange
        self._answer = answer
        self._fault = fault
        self._delay_ms = delay_ms
        self._packer = zlib.compressobj(wbits=GZIP_WINDOW_BITS) if fault.name == "gzip" else None
        self._produced = answer.units.reasoning_tokens
        """Hidden reasoning comes before the first event."""

    async def run(self) -> None:
        """Send it all, or as much as the fault or the client allows."""
        if self._fault.name in ("rubbish", "not_json_200"):
            await self._send_nonsense()
            return
        headers: Headers = [(b"content-type", self._answer.content_type.encode())]
        if self._fault.name == "cookie":
            headers += COOKIES
        if self._packer is not None:
            headers.append((b"content-encoding", b"gzip"))
        await self._exchange.start(200, headers)
        departure = self._exchange.watch()
        try:
            await self._send_all(departure)
        finally:
            await departure.stop()

    async def _send_nonsense(self) -> None:
        """A success that no reader of events can use: billed in full all the same."""
        page = self._fault.name == "not_json_200"
        await self._exchange.start(200, [PAGE_TYPE if page else EVENT_TYPE])
        self._exchange.bill(ANSWERED, self._answer, self._answer.units.output_tokens)
        await self._exchange.chunk(WEB_PAGE if page else RUBBISH, last=True)

    async def _send_all(self, departure: Departure) -> None:
        pace = Pace(self._delay_ms)
        stop_after = 1 if self._fault.name == "truncate" else self._fault.number
        breaks = self._fault.name in ("cut", "end", "stall_after", "truncate")
        times = self._exchange.call.event_times_ns
        for number, event in enumerate(self._answer.events or ()):
            if breaks and number == stop_after:
                await self._break(departure)
                return
            if await departure.within(pace.wait_s() if number else 0):
                self._left(departure)
                return
            # Counted before it is sent: what may have reached the client is never left unbilled.
            self._produced = max(self._produced, event.output_tokens)
            if times is not None:
                times.append(time.monotonic_ns())
            await self._exchange.chunk(self._packed(event.raw))
        if self._answer.finish is not None:
            self._answer.finish()
        # Everything was sent: whoever leaves now has had the whole answer.
        self._exchange.bill(ANSWERED, self._answer, self._answer.units.output_tokens)
        await self._exchange.chunk(b"" if self._packer is None else self._packer.flush(), last=True)

    async def _break(self, departure: Departure) -> None:
        if self._fault.name == "stall_after":
            await departure.happens()
            self._left(departure)
            return
        self._exchange.bill(CUT, self._answer, self._produced)
        if self._fault.name == "end":
            await self._exchange.chunk(b"", last=True)
            return
        await departure.stop()
        await self._exchange.break_off()

    def _left(self, departure: Departure) -> None:
        self._exchange.call.gone_ns = departure.noticed_ns
        if self._answer.in_background:
            # It goes on without its client.
            self._produced = self._answer.units.output_tokens
            if self._answer.finish is not None:
                self._answer.finish()
        self._exchange.bill(CLIENT_GONE, self._answer, self._produced)

    def _packed(self, raw: bytes) -> bytes:
        if self._packer is None:
            return raw
        return self._packer.compress(raw) + self._packer.flush(zlib.Z_SYNC_FLUSH)
