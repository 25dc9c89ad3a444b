"""What a test may order: lengths and delays, and faults of many kinds.

By header on one request, or for clients that cannot set headers as a list put to
`/sandbox/faults`, one entry for each following call.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.errors import ApiError

PLAIN = frozenset(
    (
        "reset",
        "stall",
        "rubbish",
        "no_usage",
        "bad_usage",
        "gzip",
        "cookie",
        "redirect",
        "truncate",
        "not_json_200",
    )
)
COUNTED = frozenset(("status", "cut", "end", "stall_after"))
"""Faults that take a number: `status=500`, `cut=3`."""
QUEUE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault by name; `number` is a status or a count of events."""

    name: str = ""
    number: int = 0


NO_FAULT = Fault()


@dataclass(frozen=True, slots=True)
class Directives:
    """How one call is to be answered."""

    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    event_delay_ms: float | None = None
    delay_ms: float = 0.0
    late_ms: float | None = None
    fault: Fault = NO_FAULT


PLAINLY = Directives()
_HEADERS = {
    "x-sandbox-output-tokens": "output_tokens",
    "x-sandbox-reasoning-tokens": "reasoning_tokens",
    "x-sandbox-event-delay-ms": "event_delay_ms",
    "x-sandbox-delay-ms": "delay_ms",
    "x-sandbox-late-ms": "late_ms",
}
_WHOLE = ("output_tokens", "reasoning_tokens")


def read_fault(text: str) -> Fault:
    """`stall` or `cut=3` as a fault; raises `ApiError` for what this sandbox cannot do."""
    name, equals, number = text.strip().partition("=")
    if name in PLAIN and not equals:
        return Fault(name)
    if name in COUNTED and number.isdecimal():
        value = int(number)
        if name != "status" or 400 <= value <= 599:
            return Fault(name, value)
    known = sorted(PLAIN) + [f"{one}=<number>" for one in sorted(COUNTED)]
    raise ApiError(
        400, f"Unknown sandbox fault '{text}'. Known: {', '.join(known)}.", code="sandbox_fault"
    )


def read_directives(headers: Mapping[str, str]) -> Directives:
    """The directives in a request's headers (names in lower case)."""
    if not any(name.startswith("x-sandbox-") for name in headers):
        return PLAINLY
    found: dict[str, Any] = {}
    for header, name in _HEADERS.items():
        if header in headers:
            found[name] = _number(header, headers[header], whole=name in _WHOLE)
    if "x-sandbox-fault" in headers:
        found["fault"] = read_fault(headers["x-sandbox-fault"])
    return Directives(**found)


class FaultQueue:
    """Directives for the calls to come, consumed in order; a header on a call goes first."""

    def __init__(self) -> None:
        self._waiting: deque[Directives] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, document: object) -> None:
        """Append what `{"faults": [...]}` or a bare list says.

        Each entry is a fault's text, `null` for a call without one, or an object with `fault`,
        `output_tokens`, `reasoning_tokens`, `event_delay_ms`, `delay_ms` and `late_ms`.
        """
        entries = document.get("faults") if isinstance(document, dict) else document
        if not isinstance(entries, list) or len(entries) + len(self) > QUEUE_MAX:
            raise ApiError(400, f"Give a list of at most {QUEUE_MAX} faults.", code="sandbox_fault")
        self._waiting.extend([self._read(entry) for entry in entries])

    def clear(self) -> None:
        """Forget what has not been consumed."""
        self._waiting.clear()

    def next_for(self, ordered: Directives) -> Directives:
        """The directives of this call: its own headers' if it has any, else the next waiting."""
        if ordered is not PLAINLY or not self._waiting:
            return ordered
        return self._waiting.popleft()

    @staticmethod
    def _read(entry: object) -> Directives:
        if entry is None:
            return replace(PLAINLY)
        if isinstance(entry, str):
            return Directives(fault=read_fault(entry))
        if not isinstance(entry, dict):
            raise ApiError(400, f"Not a fault: {entry!r}.", code="sandbox_fault")
        headers = {
            f"x-sandbox-{name.replace('_', '-')}": str(value) for name, value in entry.items()
        }
        unknown = headers.keys() - _HEADERS.keys() - {"x-sandbox-fault"}
        if unknown:
            raise ApiError(400, f"Unknown: {', '.join(sorted(unknown))}.", code="sandbox_fault")
        return read_directives(headers)


def _number(header: str, text: str, *, whole: bool) -> float:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 10_000_000:
        raise ApiError(
            400,
            f"{header} takes a number from 0 to 10000000, not '{text}'.",
            code="sandbox_fault",
        )
    return value
