"""The nouns that cross module borders: callers, amounts, postings, ledger entries.

All are immutable. Times are integer milliseconds since the Unix epoch in UTC,
by Redis's clock where the field says `admitted` or `posted`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from config.rules import DIMENSIONS, UNATTRIBUTED, Dimension, value_digest


class Status(StrEnum):
    """What a ledger entry says of its call."""

    SETTLED = "settled"
    FAILED = "failed"
    VOIDED = "voided"
    ASSUMED = "assumed"
    CORRECTION = "correction"
    REFUSED = "refused"
    MANUAL = "manual"
    """Told by hand: spent where Purser did not see it."""


class Flag(StrEnum):
    """What an admin should know about how an entry came to be."""

    ESTIMATED = "estimated"
    OVER_HOLD = "over_hold"
    RECOVERED = "recovered"
    LOWERED_CEILING_HIT = "lowered_ceiling_hit"
    CLIENT_GONE = "client_gone"
    UNPRICED = "unpriced"
    NO_USAGE = "no_usage"
    ASSUMED_PRICE = "assumed_price"
    OVER_BUDGET = "over_budget"
    """A manual cost that took a budget above its limit."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a call is charged to. Agent type is canonical; the rest is as the caller wrote it."""

    agent: str = UNATTRIBUTED
    campaign: str = UNATTRIBUTED
    task: str = UNATTRIBUTED
    key: str = UNATTRIBUTED
    execution_id: str | None = None
    metadata: str | None = None
    """`X-Purser-Metadata`, already encrypted."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call when it asks for admission; it stands in every entry about it."""

    hold_id: str
    request_id: str
    caller: Caller
    endpoint: str
    requested_model: str
    tier: str = "default"

    def value(self, dimension: Dimension) -> str:
        """The value that a rule compares for `dimension`."""
        match dimension:
            case Dimension.MODEL:
                return self.requested_model or UNATTRIBUTED
            case Dimension.ENDPOINT:
                return self.endpoint
            case _:
                return str(getattr(self.caller, dimension.value))

    def digests(self) -> tuple[str, ...]:
        """One digest a dimension, in the order of `DIMENSIONS`."""
        return tuple(value_digest(self.value(dimension)) for dimension in DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Usage:
    """Units of one answer as the provider counts them.

    `input_tokens` and `output_tokens` are totals: cached, cache-write, audio and image
    input are parts of the first, none of another; reasoning, audio and image output of the
    second. Cached audio and images are parts of what was cached. What has a price in tokens is
    billed by them; characters, seconds and images bill what has none.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    audio_input_tokens: int = 0
    image_input_tokens: int = 0
    reasoning_tokens: int = 0
    audio_output_tokens: int = 0
    image_output_tokens: int = 0
    web_searches: int = 0
    file_searches: int = 0
    code_sessions: int = 0
    characters: int = 0
    """Of text that was spoken."""
    audio_seconds: int = 0
    """Of audio that was heard, begun seconds."""
    images: int = 0
    """That were drawn."""
    video_seconds: int = 0
    cached_audio_tokens: int = 0
    cached_image_tokens: int = 0
    line_input_tokens: int = 0
    """Of the longest line, where this is the sum of a batch's lines: long inputs may cost more."""

    @property
    def total_tokens(self) -> int:
        """Input and output together: what the agent rate card multiplies."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class WorstCase:
    """An upper bound of what one call can use: what is held before it leaves.

    `input_tokens` counts all prompts and all kinds of input together (audio and image input
    are parts of it); a call may use `choices` × `output_ceiling` output tokens.
    """

    input_tokens: int
    output_ceiling: int = 0
    choices: int = 1
    explicit: bool = True
    """The client set the ceiling itself: it is never changed."""
    lowerable: bool = False
    """The ceiling is implicit and may be lowered and spliced into the body."""
    min_output_tokens: int = 0
    """A lowerable ceiling is never lowered below this."""
    audio_input_tokens: int = 0
    image_input_tokens: int = 0
    audio_output: bool = False
    image_output: bool = False
    """Output may be billed at the audio (image) price."""
    web_searches: int = 0
    file_searches: int = 0
    code_sessions: int = 0
    characters: int = 0
    audio_seconds: int = 0
    images: int = 0
    video_seconds: int = 0
    """Of a model that is billed by them instead of by tokens."""
    tiers: tuple[str, ...] = ("default",)
    """Service tiers that could apply; the dearest is held."""
    counted_input_tokens: int = 0
    """Input as the provider will most likely count it: charged where an answer says nothing."""
    counted_audio_seconds: int = 0
    """The same of audio that was sent."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """The same call in both moneys, nano-dollars."""

    charge: int = 0
    provider: int = 0

    @property
    def dearer(self) -> int:
        """The larger of the two."""
        return max(self.charge, self.provider)


@dataclass(frozen=True, slots=True)
class Posting:
    """One counter that a hold counts in.

    `value` is joined digests of the rule's `each`, "" without one, or "other".
    """

    counter: str
    window_start_ms: int
    window_end_ms: int
    value: str
    counts: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, as the proxy knows it; `status` is settled, failed, voided or assumed.

    `settled` and `failed` are charged for `usage`, which most failures have none of; `voided`
    costs nothing; `assumed` costs what was held.
    """

    status: Status
    usage: Usage = field(default_factory=Usage)
    served_model: str | None = None
    tier: str = "default"
    flags: frozenset[Flag] = frozenset()
    http_status: int | None = None
    latency_ms: int | None = None
    ttfb_ms: int | None = None
    response_id: str | None = None
    """A `/v1/responses` id, so that a later `previous_response_id` can be bounded."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of `billing_log`. Amounts are differences: a correction carries what it changes."""

    hold_id: str
    entry: int
    seq: int
    status: Status
    admitted_ms: int
    posted_ms: int
    request_id: str
    agent: str
    campaign: str
    task: str
    key: str
    endpoint: str
    requested_model: str
    execution_id: str | None = None
    served_model: str | None = None
    tier: str = "default"
    usage: Usage = field(default_factory=Usage)
    charge_nano: int = 0
    provider_nano: int = 0
    dearer_nano: int = 0
    held_nano: int = 0
    flags: frozenset[Flag] = frozenset()
    price_version: str = ""
    http_status: int | None = None
    latency_ms: int | None = None
    ttfb_ms: int | None = None
    count: int = 1
    """How many calls this entry stands for: above 1 only for `refused`."""
    rule: str | None = None
    """The rule that refused."""
    reason: str | None = None
    """Why refused, or why corrected."""
    overflow: tuple[str, ...] = ()
    """Counters in which this call was counted under the shared value `other`."""
    metadata: str | None = None
