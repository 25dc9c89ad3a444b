"""The sandbox's own books: every request it received, and what each one cost.

Costs are by the sandbox's own arithmetic (`prices.py`). The newest calls keep their headers and
event times; older ones keep their figures; the sums count everything since the last reset.
"""

import time
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sandbox.usage import Units

CALLS_MAX = 200_000
DETAILED_MAX = 20_000

OPEN = "open"
ANSWERED = "answered"
FAILED = "failed"
CUT = "cut"
CLIENT_GONE = "client_gone"

Headers = list[tuple[bytes, bytes]]
NO_UNITS = Units()


@dataclass(slots=True)
class Call:
    """One request. Times are monotonic nanoseconds; money is nano-dollars."""

    number: int
    received_ns: int
    received_at: float
    method: str
    path: str
    headers: Headers | None
    body_bytes: int = 0
    body_sha256: str = ""
    model: str | None = None
    stream: bool = False
    tier: str = "default"
    fault: str = ""
    state: str = OPEN
    status: int | None = None
    units: Units = NO_UNITS
    planned: Units = NO_UNITS
    """What the whole answer would have used, where it was not finished."""
    provider_nano: int = 0
    ended_ns: int | None = None
    late_ns: int | None = None
    """When work that was done after the answer was billed on it."""
    gone_ns: int | None = None
    """When the client's disconnect was noticed."""
    event_times_ns: "array[int] | None" = field(default_factory=lambda: array("q"))

    def body_of(self, raw: bytes) -> None:
        """Remember which body it had."""
        self.body_bytes = len(raw)
        self.body_sha256 = sha256(raw).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The call as `GET /sandbox/calls` reports it, with times in monotonic milliseconds."""
        return {
            "id": self.number,
            "received_at": self.received_at,
            "received_ms": self.received_ns / 1e6,
            "ended_ms": None if self.ended_ns is None else self.ended_ns / 1e6,
            "late_ms": None if self.late_ns is None else self.late_ns / 1e6,
            "client_gone_ms": None if self.gone_ns is None else self.gone_ns / 1e6,
            "method": self.method,
            "path": self.path,
            "headers": None if self.headers is None else _shown(self.headers),
            "authorization": None if self.headers is None else _credential(self.headers),
            "body_bytes": self.body_bytes,
            "body_sha256": self.body_sha256,
            "model": self.model,
            "stream": self.stream,
            "tier": self.tier,
            "fault": self.fault or None,
            "state": self.state,
            "status": self.status,
            "usage": self.units.as_dict(),
            "planned_usage": self.planned.as_dict(),
            "total_tokens": self.units.total_tokens,
            "provider_nano": self.provider_nano,
            "events": 0 if self.event_times_ns is None else len(self.event_times_ns),
            "event_times_ms": None
            if self.event_times_ns is None
            else [one / 1e6 for one in self.event_times_ns],
        }


class Account:
    """All calls since the last reset, bounded in memory."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._detailed: deque[Call] = deque()
        self._number = 0
        self._first = 1
        self._states: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()

    def open(self, method: str, path: str, headers: Headers) -> Call:
        """A request has arrived."""
        self._number += 1
        call = Call(self._number, time.monotonic_ns(), time.time(), method, path, headers)
        self._calls.append(call)
        self._detailed.append(call)
        if len(self._calls) > CALLS_MAX:
            self._calls.popleft()
        if len(self._detailed) > DETAILED_MAX:
            old = self._detailed.popleft()
            old.headers = old.event_times_ns = None
        return call

    def close(self, call: Call, state: str, *, units: Units = NO_UNITS, nano: int = 0) -> None:
        """A request has ended; only its first end counts, and none of before the last reset."""
        if call.state != OPEN:
            return
        call.state = state
        call.ended_ns = time.monotonic_ns()
        call.units = units if call.units is NO_UNITS else call.units.plus(units)
        call.provider_nano += nano
        if call.number < self._first:
            return
        self._states[state] += 1
        self._add(units, nano)

    def bill_late(self, call: Call, units: Units, nano: int) -> None:
        """Work that a call ordered, and that was done after its answer."""
        call.late_ns = time.monotonic_ns()
        call.units = call.planned = call.units.plus(units)
        call.provider_nano += nano
        if call.number >= self._first:
            self._add(units, nano)

    def sums(self) -> dict[str, Any]:
        """Everything added up, including calls that are no longer listed."""
        requests = self._number - self._first + 1
        return {
            "requests": requests,
            "open": requests - sum(self._states.values()),
            "states": {one: self._states[one] for one in (ANSWERED, FAILED, CUT, CLIENT_GONE)},
            "provider_nano": self._sums["provider_nano"],
            "total_tokens": self._sums["total_tokens"],
            "usage": {name: self._sums[name] for name in Units.__slots__},
        }

    def calls(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        state: str | None = None,
        header: tuple[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Calls in the order received, after the id `after`, that pass the filters."""
        found: list[dict[str, Any]] = []
        for call in self._after(after):
            if state is not None and call.state != state:
                continue
            if header is not None and not _carries(call, header):
                continue
            found.append(call.as_dict())
            if len(found) == limit:
                break
        return found

    def reset(self) -> None:
        """Start anew; a request still open ends unseen. Ids go on rising."""
        self._calls.clear()
        self._detailed.clear()
        self._states.clear()
        self._sums.clear()
        self._first = self._number + 1

    def _add(self, units: Units, nano: int) -> None:
        self._sums["provider_nano"] += nano
        self._sums["total_tokens"] += units.total_tokens
        if units is not NO_UNITS:
            for name in units.__slots__:
                value = getattr(units, name)
                if value:
                    self._sums[name] += value

    def _after(self, number: int) -> Iterator[Call]:
        return (call for call in self._calls if call.number > number)


def _shown(headers: Headers) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name != b"authorization"
    ]


def _credential(headers: Headers) -> str | None:
    """The start of the SHA-256 of what was sent, so that a test can tell which key it was."""
    for name, value in headers:
        if name == b"authorization":
            return sha256(value).hexdigest()[:16]
    return None


def _carries(call: Call, header: tuple[str, str]) -> bool:
    wanted = (header[0].lower().encode("latin-1"), header[1].encode("latin-1"))
    return call.headers is not None and wanted in call.headers
