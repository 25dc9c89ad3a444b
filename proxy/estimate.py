"""The worst case of a call: a true upper bound, before it leaves."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from config.bounds import TOKENS_MAX
from config.models import Model
from proxy.body import BadBody, Body
from proxy.endpoints import Endpoint, Shape
from proxy.fields import TOOL_CALLS_MAX, integer
from proxy.hosted_tools import HostedTools, read_tools
from proxy.input_bound import Input, bare_input, chat_input, responses_input
from proxy.output_bound import (
    EstimateLimits,
    ceiling_field,
    must_write_ceiling,
    output_bound,
    output_limit,
    tool_calls_to_write,
)
from proxy.priced import model_of
from proxy.tokens import off_loop
from proxy.unit_bound import unit_bound
from storage.records import WorstCase

__all__ = [
    "UNIT_SHAPES",
    "EstimateLimits",
    "ResponseTokens",
    "ceiling_field",
    "estimate",
    "must_write_ceiling",
    "tool_calls_to_write",
]

CALL_TOKENS_MAX: Final = 10 * TOKENS_MAX
"""Of input, and of output in all choices: keeps every amount far below 2^53 nano-dollars."""

UNIT_SHAPES: Final = frozenset({Shape.IMAGES, Shape.SPEECH, Shape.TRANSCRIPTION, Shape.VIDEO})
"""What is not text in and text out."""

ResponseTokens = Callable[[str], Awaitable[int | None]]
"""The total tokens of an earlier response, None where it is not known."""


async def estimate(
    endpoint: Endpoint,
    body: Body,
    model: Model | None,
    limits: EstimateLimits,
    response_tokens: ResponseTokens,
) -> WorstCase:
    """The most a call can use. Raises `BadBody` for what is absurd or cannot be bounded.

    Input is billed once for all choices of a prompt (OpenAI: a request may use the tokens of
    its prompt plus `max_tokens` times the larger of `n` and `best_of`), so prompts are added
    up, and choices multiply output alone.
    """
    if endpoint.shape is Shape.FIXED:
        return WorstCase(0)
    worst = await _worst_case(endpoint, body, model, limits, response_tokens)
    if max(worst.input_tokens, worst.choices * worst.output_ceiling) > CALL_TOKENS_MAX:
        raise BadBody(
            f"the request could use more than {CALL_TOKENS_MAX} tokens: set a lower ceiling, or"
            " send fewer prompts at once",
            code="too_many_tokens",
        )
    return worst


async def _worst_case(
    endpoint: Endpoint,
    body: Body,
    model: Model | None,
    limits: EstimateLimits,
    response_tokens: ResponseTokens,
) -> WorstCase:
    if endpoint.shape in UNIT_SHAPES:
        name = model_of(endpoint, body)
        return await off_loop(len(body.raw), lambda: unit_bound(endpoint.shape, body, model, name))
    worst = output_bound(endpoint, body, model, limits)
    match endpoint.shape:
        case Shape.CHAT:
            sent = await off_loop(len(body.raw), lambda: chat_input(body))
            return _with_chat(worst, body, model, sent)
        case Shape.RESPONSES | Shape.COMPACT:
            sent = await off_loop(len(body.raw), lambda: responses_input(body))
            earlier = await _earlier_tokens(body, response_tokens)
            return _with_responses(worst, body, model, sent, earlier)
        case Shape.COMPLETIONS | Shape.EMBEDDINGS:
            field = "prompt" if endpoint.shape is Shape.COMPLETIONS else "input"
            sent = await off_loop(len(body.raw), lambda: bare_input(body, field))
            answers = worst.choices * sent.prompts if endpoint.shape is Shape.COMPLETIONS else 1
            return replace(
                worst,
                input_tokens=sent.text.bound,
                counted_input_tokens=sent.text.counted,
                choices=answers,
            )
        case _:
            raise ValueError(f"{endpoint.path} is not metered by its body")


def _with_chat(worst: WorstCase, body: Body, model: Model | None, sent: Input) -> WorstCase:
    text = sent.text
    searches = body.fields.get("web_search_options") is not None or "-search-" in body.model
    if searches:
        text.unseen = text.unseen or "web_search_options"
    modalities = body.fields.get("modalities")
    speaks = isinstance(modalities, list) and "audio" in modalities
    if sent.prediction_tokens:
        worst = _with_prediction(worst, body, model, sent.prediction_tokens)
    return replace(
        _with_input(worst, body, model, sent, HostedTools(), 0),
        audio_output=speaks or body.fields.get("audio") is not None,
        web_searches=worst.choices if searches else 0,
    )


def _with_prediction(worst: WorstCase, body: Body, model: Model | None, rejected: int) -> WorstCase:
    """Rejected prediction tokens are billed as output beside those of the answer.

    OpenAI takes no `max_completion_tokens` with a prediction, so none is written in.
    """
    if worst.lowerable and output_limit(model) is None:
        raise BadBody(
            f"the output limit of '{body.model}' is not known, and with 'prediction' no ceiling"
            " can be written in: set 'max_tokens', or leave the prediction out",
            "prediction",
        )
    return replace(worst, output_ceiling=worst.output_ceiling + rejected, lowerable=False)


async def _earlier_tokens(body: Body, response_tokens: ResponseTokens) -> int | None:
    """The tokens of the response that is continued; 0 without one, None where not known."""
    earlier = body.fields.get("previous_response_id")
    if earlier is None:
        return 0
    if not isinstance(earlier, str):
        raise BadBody("'previous_response_id' must be a string", "previous_response_id")
    return await response_tokens(earlier)


def _with_responses(
    worst: WorstCase, body: Body, model: Model | None, sent: Input, earlier: int | None
) -> WorstCase:
    text = sent.text
    max_calls = integer(body, "max_tool_calls", 0, TOOL_CALLS_MAX)
    tools = read_tools(body.fields.get("tools"), max_calls, body.fields.get("prompt") is not None)
    if tools.imports_unseen:
        text.unseen = text.unseen or "tools"
    if earlier is None:
        text.unseen = text.unseen or "previous_response_id"
    return replace(
        _with_input(worst, body, model, sent, tools, earlier or 0),
        web_searches=tools.web_searches,
        file_searches=tools.file_searches,
        code_sessions=tools.code_sessions,
    )


def _with_input(
    worst: WorstCase,
    body: Body,
    model: Model | None,
    sent: Input,
    tools: HostedTools,
    earlier: int,
) -> WorstCase:
    """The input of all rounds: the first reads what was sent, each further one the window."""
    text = sent.text
    window = None if model is None else model.context_window
    if window is None and (text.unseen or tools.calls):
        raise BadBody(
            f"the context window of '{body.model}' is not known, so only text can be bounded:"
            f" leave out '{text.unseen or 'tools'}', or name a known model",
            text.unseen or "tools",
            "unbounded_input",
        )
    whole = window or 0
    first = text.bound + tools.prompt_tokens + earlier
    if text.unseen:
        first = max(first, whole)
    further = whole if tools.round_tokens is None else min(whole, tools.round_tokens)
    total = first + tools.calls * max(further, first)
    audio = whole if text.has_audio else 0
    images = total - audio if text.has_file else text.image_tokens * (tools.calls + 1)
    unseen = text.unseen or tools.calls
    return replace(
        worst,
        input_tokens=total,
        counted_input_tokens=total if unseen else text.counted + tools.prompt_tokens + earlier,
        audio_input_tokens=audio,
        image_input_tokens=min(images, total - audio),
    )
