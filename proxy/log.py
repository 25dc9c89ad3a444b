"""One structured log line a call: what it was, how it ended, what it cost.

No prompt, completion, key, metadata or address stands in it: only what the ledger holds too.
"""

import logging
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from budget.settlement import Receipt
from storage.records import Status

NO_ENDPOINT: Final = "none"
LOGGER: Final = logging.getLogger("purser.proxy")


def ms_since(start_s: float) -> int:
    """Whole milliseconds since a `monotonic` time."""
    return int((monotonic() - start_s) * 1000)


@dataclass(slots=True)
class CallLine:
    """What becomes known of one request while it is worked on."""

    request_id: str
    start_s: float = field(default_factory=monotonic)
    endpoint: str = NO_ENDPOINT
    agent: str | None = None
    campaign: str | None = None
    model: str | None = None
    outcome: str = "refused"
    """`free`, `refused`, `gone`, `error`, `late`, or a ledger status."""
    reason: str | None = None
    upstream_status: int | None = None
    ttfb_ms: int | None = None
    latency_ms: int | None = None
    held_nano: int | None = None
    charge_nano: int | None = None
    flags: tuple[str, ...] = ()

    def ended(self, status: Status, receipt: Receipt) -> None:
        """Take over how the hold ended."""
        self.outcome = status.value
        self.charge_nano = receipt.amounts.charge
        self.flags = tuple(sorted(flag.value for flag in receipt.flags))

    def first_byte(self, upstream_status: int) -> None:
        """The head of the upstream's answer has arrived."""
        self.upstream_status = upstream_status
        self.ttfb_ms = ms_since(self.start_s)

    def write(self) -> None:
        """Log it."""
        self.latency_ms = ms_since(self.start_s)
        shown = {name: getattr(self, name) for name in _FIELDS}
        LOGGER.info("call", extra={"fields": {k: v for k, v in shown.items() if v is not None}})


_FIELDS: Final = tuple(name for name in CallLine.__dataclass_fields__ if name != "start_s")
