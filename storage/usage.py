"""What was used, summed from the rollup `usage_hour`: exact, and quick at any size of ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.holds import Interval
from storage.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Scope:
    """Which use is meant (filter chips); what is None is not asked."""

    agent: str | None = None
    campaign: str | None = None
    model: str | None = None
    endpoint: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """Sums. Amounts nano-dollars. `calls` are those let through; tokens of all entries."""

    charge_nano: int = 0
    provider_nano: int = 0
    dearer_nano: int = 0
    held_nano: int = 0
    calls: int = 0
    failed: int = 0
    voided: int = 0
    assumed: int = 0
    manual: int = 0
    refused: int = 0
    lone: int = 0
    """Calls and manual costs without an execution id."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    latency_ms_sum: int = 0
    latency_count: int = 0
    ttfb_ms_sum: int = 0
    ttfb_count: int = 0

    @property
    def tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens


async def figures_version(ledger: Ledger) -> int:
    """Changes with every append that brought something new: as long as it stays, figures do."""
    raise NotImplementedError
