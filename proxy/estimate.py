"""The worst case of a call: a true upper bound, before it leaves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from config.bounds import MIN_OUTPUT_TOKENS, MIN_OUTPUT_TOKENS_REASONING
from config.models import Model
from proxy.body import Body
from proxy.endpoints import Endpoint
from storage.records import WorstCase


@dataclass(frozen=True, slots=True)
class EstimateLimits:
    """What ops decide of the estimate: below which a lowered ceiling never goes, tokens."""

    min_output_tokens: int = MIN_OUTPUT_TOKENS
    min_output_tokens_reasoning: int = MIN_OUTPUT_TOKENS_REASONING


ResponseTokens = Callable[[str], Awaitable[int | None]]
"""The total tokens of an earlier response, None where it is not known."""


async def estimate(
    endpoint: Endpoint,
    body: Body,
    model: Model | None,
    limits: EstimateLimits,
    response_tokens: ResponseTokens,
) -> WorstCase:
    """The most a call can use. Raises `BadBody` for what is absurd or cannot be bounded."""
    raise NotImplementedError


def ceiling_field(endpoint: Endpoint, body: Body, model: Model | None) -> str:
    """The field in which a ceiling is written into a body that has none."""
    raise NotImplementedError


def must_write_ceiling(model: Model | None, worst: WorstCase) -> bool:
    """The ceiling has to stand in the body even when it was not lowered.

    Without it, nothing would keep a model whose own limit nobody knows to what is held.
    """
    raise NotImplementedError
