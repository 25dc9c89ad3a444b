"""The input of each shape of request, counted field by field."""

from dataclasses import dataclass
from typing import Any, Final

from proxy.body import BadBody, Body
from proxy.text_bound import TextBound
from proxy.tokens import TokenCounter

PROMPT_OVERHEAD: Final = 4
"""Markers around one bare prompt: one at its start, three around a suffix."""

REQUEST_OVERHEAD: Final = 32
"""What primes the answer: 3 tokens by OpenAI's cookbook; more in newer notations."""

_SETTINGS: Final = frozenset(
    """audio background best_of dimensions echo encoding_format frequency_penalty include logit_bias
    logprobs max_completion_tokens max_output_tokens max_tokens max_tool_calls metadata modalities
    model n parallel_tool_calls presence_penalty previous_response_id prompt_cache_key
    prompt_cache_retention reasoning reasoning_effort safety_identifier seed service_tier stop store
    stream stream_options temperature top_logprobs top_p truncation user verbosity
    web_search_options""".split()  # noqa: SIM905 - a list of forty lines would be harder to read
)
"""Fields that no model reads. Every other one, known or new, counts as text."""


@dataclass(frozen=True, slots=True)
class Input:
    """What the texts and parts of a request come to."""

    text: TextBound
    prompts: int = 1
    prediction_tokens: int = 0
    """Of a predicted output: what is rejected of it is billed as output."""


def _add_fields(bound: TextBound, body: Body, apart: frozenset[str]) -> None:
    for field, value in body.fields.items():
        if field not in _SETTINGS and field not in apart and value is not None:
            bound.add_field(value, body.text(field))


def chat_input(body: Body) -> Input:
    """The input of /v1/chat/completions."""
    bound = TextBound(TokenCounter(body.model), body.model, REQUEST_OVERHEAD)
    bound.add_messages(body.fields.get("messages", []))
    _add_fields(bound, body, frozenset({"messages"}))
    predicted = body.fields.get("prediction")
    if predicted is None:
        return Input(bound)
    rejected = TextBound(bound.counter, body.model)
    rejected.add_field(predicted, body.text("prediction"))
    return Input(bound, prediction_tokens=rejected.bound)


def responses_input(body: Body) -> Input:
    """The input of /v1/responses, without what an earlier response brings along."""
    bound = TextBound(TokenCounter(body.model), body.model, REQUEST_OVERHEAD)
    apart = frozenset({"input", "instructions"})
    for field in sorted(apart):
        if body.fields.get(field) is not None:
            bound.add_messages(body.fields[field])
    _add_fields(bound, body, apart | {"conversation"})
    for field in ("conversation", "prompt"):
        if body.fields.get(field) is not None:
            bound.unseen = bound.unseen or field
    return Input(bound)


def bare_input(body: Body, field: str) -> Input:
    """Prompts without messages, and their suffixes. Raises `BadBody`."""
    bound = TextBound(TokenCounter(body.model), body.model)
    prompts = _prompts(body.fields.get(field), field)
    for prompt in prompts:
        if isinstance(prompt, str):
            bound.add_text(prompt, PROMPT_OVERHEAD)
        else:
            bound.bound += len(prompt) + PROMPT_OVERHEAD
            bound.counted += len(prompt)
    rest = TextBound(bound.counter, body.model)
    _add_fields(rest, body, frozenset({field}))
    bound.bound += len(prompts) * rest.bound
    bound.counted += len(prompts) * rest.counted
    return Input(bound, len(prompts))


def _prompts(value: object, field: str) -> list[str | list[int]]:
    """A text, tokens, or a list of either. Raises `BadBody`."""
    if value is None or isinstance(value, str):
        return [value or ""]
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return value or [""]
        if _are_tokens(value):
            return [value]
        if all(isinstance(item, list) and _are_tokens(item) for item in value):
            return value
    raise BadBody(f"'{field}' must be text, tokens, or a list of either", field, "invalid_type")


def _are_tokens(value: list[Any]) -> bool:
    return all(type(item) is int for item in value)
