"""Server-sent events, without I/O: bytes in, events out, the same for any split of the bytes.

The rules are WHATWG's EventSource: lines end in LF, CR or CRLF, an empty line ends an event,
`data` lines are joined by LF, `:` starts a comment, a byte order mark may open the stream.
Every event keeps its raw bytes, so that a stream can be passed on untouched.
"""

import re
from dataclasses import dataclass
from typing import Final

from config.bounds import EVENT_BYTES_MAX

_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_END: Final = len(b"\r\n\r\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event with its raw bytes; a comment or a lone blank line has no `data`."""

    raw: bytes
    event: str | None = None
    data: bytes = b""
    oversized: bool = False
    """Above the bound: its bytes come in pieces, and nothing is read from them."""


class EventReader:
    """Splits a stream into events: `b"".join(e.raw)` over all events is every byte fed.

    An event whose blank line ends in a lone CR is told with the next byte, since an LF may
    belong to it.
    """

    def __init__(self, event_bytes_max: int = EVENT_BYTES_MAX) -> None:
        self._event_bytes_max = event_bytes_max
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes."""
        self._buffer += chunk
        events: list[Event] = []
        while (end := self._next_end()) is not None:
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._searched = 0
            events.append(self._event(raw))
            self._skipping = False
        if len(self._buffer) > self._event_bytes_max:
            events.append(self._piece())
        return events

    def close(self) -> list[Event]:
        """What is left when the stream ends, complete or not; lenient, as clients are."""
        raw = bytes(self._buffer)
        self._buffer.clear()
        return [self._event(raw)] if raw else []

    def _next_end(self) -> int | None:
        found = _BLANK_LINE.search(self._buffer, max(0, self._searched - _LONGEST_END))
        if found is None:
            self._searched = len(self._buffer)
            return None
        if found.end() == len(self._buffer) and self._buffer[-1:] == b"\r":
            return None
        return found.end()

    def _piece(self) -> Event:
        """All but the last bytes of an event above the bound; those may begin its blank line."""
        raw = bytes(self._buffer[:-_LONGEST_END])
        del self._buffer[:-_LONGEST_END]
        self._searched = 0
        self._skipping = True
        self._at_start = False
        return Event(raw, oversized=True)

    def _event(self, raw: bytes) -> Event:
        if self._skipping or len(raw) > self._event_bytes_max:
            self._at_start = False
            return Event(raw, oversized=True)
        text = raw.removeprefix(_BYTE_ORDER_MARK) if self._at_start else raw
        self._at_start = False
        return _parse(raw, text)


def _parse(raw: bytes, text: bytes) -> Event:
    name: str | None = None
    data: list[bytes] = []
    for line in _LINE_END.split(text):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return Event(raw, name, b"\n".join(data))
