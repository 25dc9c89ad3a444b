"""The output of a call: its ceiling, whether the client set it, how far it may be lowered."""

from dataclasses import dataclass, replace
from typing import Final

from config.bounds import MIN_OUTPUT_TOKENS, MIN_OUTPUT_TOKENS_REASONING
from config.models import Model, reasons_by_name
from proxy.body import BadBody, Body
from proxy.endpoints import Endpoint, Shape
from proxy.fields import choices, output_tokens, tiers
from proxy.hosted_tools import CALLS_MAX, read_tools
from storage.records import WorstCase

UNKNOWN_MODEL_OUTPUT_TOKENS: Final = 16_384
"""Written in as the ceiling of a model whose own limit nobody knows."""

COMPLETIONS_OUTPUT_TOKENS: Final = 16
"""OpenAI's own default of `max_tokens` for /v1/completions."""


@dataclass(frozen=True, slots=True)
class EstimateLimits:
    """What ops decide of the estimate: below which a lowered ceiling never goes, tokens."""

    min_output_tokens: int = MIN_OUTPUT_TOKENS
    min_output_tokens_reasoning: int = MIN_OUTPUT_TOKENS_REASONING


def ceiling_field(endpoint: Endpoint, body: Body, model: Model | None) -> str:
    """The field in which a ceiling is written into a body that has none.

    `max_completion_tokens` is what every chat model takes; reasoning models refuse the older
    `max_tokens`, which only servers that are not OpenAI's may need: a client that writes
    `max_tokens: null` is taken to mean one of those.
    """
    match endpoint.shape:
        case Shape.RESPONSES:
            return "max_output_tokens"
        case Shape.CHAT:
            old = "max_tokens" in body.fields and "max_completion_tokens" not in body.fields
            return "max_tokens" if old and model is None else "max_completion_tokens"
        case _:
            return "max_tokens"


def must_write_ceiling(
    endpoint: Endpoint, body: Body, model: Model | None, worst: WorstCase
) -> bool:
    """The ceiling has to stand in the body even when it was not lowered.

    Without it, nothing would keep to what is held a model whose own limit nobody knows, or a
    loop over hosted tools that may reach that limit in every round.
    """
    if not worst.lowerable:
        return False
    if output_limit(model) is None:
        return True
    return _loops(endpoint, body)


def tool_calls_to_write(endpoint: Endpoint, body: Body) -> int | None:
    """The `max_tool_calls` to write into a body that has hosted tools and none of its own.

    Without it, nothing would keep the loop to the rounds that are held.
    """
    if body.fields.get("max_tool_calls") is not None or not _loops(endpoint, body):
        return None
    return CALLS_MAX


def _loops(endpoint: Endpoint, body: Body) -> bool:
    """Whether OpenAI itself runs tools in this call."""
    if endpoint.shape is not Shape.RESPONSES:
        return False
    stored_prompt = body.fields.get("prompt") is not None
    return read_tools(body.fields.get("tools"), None, stored_prompt).calls > 0


def output_limit(model: Model | None) -> int | None:
    """The model's own limit of output tokens, None where nobody knows it."""
    return None if model is None else model.max_output_tokens


def _own_limit(body: Body, model: Model | None) -> int:
    """The ceiling of a call into which none can be written. Raises `BadBody` without one."""
    limit = output_limit(model)
    if limit is None:
        raise BadBody(
            f"the output limit of '{body.model}' is not known, and this call takes no ceiling:"
            " name a known model",
            "model",
            "unbounded_output",
        )
    return limit


def output_bound(
    endpoint: Endpoint, body: Body, model: Model | None, limits: EstimateLimits
) -> WorstCase:
    """A worst case of output alone, without input. Raises `BadBody` for absurd numbers."""
    match endpoint.shape:
        case Shape.CHAT:
            given = output_tokens(body, "max_completion_tokens", "max_tokens")
            answers = choices(body, "n")
        case Shape.RESPONSES:
            given, answers = output_tokens(body, "max_output_tokens"), 1
        case Shape.COMPACT:
            return WorstCase(0, output_ceiling=_own_limit(body, model), tiers=tiers(body))
        case Shape.COMPLETIONS:
            given = output_tokens(body, "max_tokens", low=0)
            answers = choices(body, "n", "best_of")
        case _:
            return WorstCase(0, explicit=False, tiers=tiers(body))
    worst = WorstCase(0, choices=answers, tiers=tiers(body))
    if given is not None:
        return replace(worst, output_ceiling=given)
    if endpoint.shape is Shape.COMPLETIONS and "max_tokens" not in body.fields:
        return replace(worst, output_ceiling=COMPLETIONS_OUTPUT_TOKENS, explicit=False)
    limit = output_limit(model)
    ceiling = UNKNOWN_MODEL_OUTPUT_TOKENS if limit is None else limit
    reasons = reasons_by_name(body.model) if model is None else model.is_reasoning
    least = limits.min_output_tokens_reasoning if reasons else limits.min_output_tokens
    return replace(
        worst,
        output_ceiling=ceiling,
        explicit=False,
        lowerable=True,
        min_output_tokens=min(least, ceiling),
    )
