"""How a sandbox is set up: command-line arguments alone, never the environment."""

from dataclasses import dataclass

EVENT_DELAY_MS = 15.0
"""About 66 tokens a second: what a small model feels like."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one sandbox."""

    event_delay_ms: float = EVENT_DELAY_MS
    """Between two events of a stream; a request may set its own."""
