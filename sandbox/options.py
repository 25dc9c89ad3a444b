"""How a sandbox is set up: command-line arguments alone, never the environment."""

from dataclasses import dataclass

EVENT_DELAY_MS = 15.0
"""About 66 tokens a second: what a small model feels like."""


LATE_MS = 2000.0
"""Long enough to be seen under way, short enough to wait for."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one sandbox."""

    event_delay_ms: float = EVENT_DELAY_MS
    """Between two events of a stream; a request may set its own."""
    late_ms: float = LATE_MS
    """From the order of a batch, a background response or a video until it is done."""
