"""What each endpoint accepts: one table a body, from field name to the check of its value."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.errors import (
    ApiError,
    missing,
    out_of_range,
    unknown_field,
    wrong_type,
    wrong_value,
)

Check = Callable[[str, object], None]

TIERS = ("auto", "default", "flex", "scale", "priority", "fast")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
VERBOSITIES = ("low", "medium", "high")


def integer(low: int | None = None, high: int | None = None) -> Check:
    """A JSON integer within bounds."""

    def check(name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(name, "an integer", value)
        if (low is not None and value < low) or (high is not None and value > high):
            raise out_of_range(name, value, low, high, "integer")

    return check


def decimal(low: float, high: float) -> Check:
    """A JSON number within bounds."""

    def check(name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(name, "a decimal", value)
        if not low <= value <= high:
            raise out_of_range(name, value, low, high, "decimal")

    return check


def one_of(*allowed: str) -> Check:
    """One of some strings."""

    def check(name: str, value: object) -> None:
        if not isinstance(value, str):
            raise wrong_type(name, f"one of {', '.join(repr(one) for one in allowed)}", value)
        if value not in allowed:
            raise wrong_value(name, value, allowed)

    return check


def typed(expected: str, *types: type) -> Check:
    """A value of one of some Python types; a boolean is no number."""

    def check(name: str, value: object) -> None:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise wrong_type(name, expected, value)

    return check


TEXT = typed("a string", str)
SWITCH = typed("a boolean", bool)
ARRAY = typed("an array of objects", list)
OBJECT = typed("an object", dict)
STOP = typed("a string or an array of strings", str, list)
CHOICE = typed("a string or an object", str, dict)

CHAT: dict[str, Check] = {
    "model": TEXT,
    "messages": ARRAY,
    "audio": OBJECT,
    "function_call": CHOICE,
    "functions": ARRAY,
    "frequency_penalty": decimal(-2, 2),
    "logit_bias": OBJECT,
    "logprobs": SWITCH,
    "max_completion_tokens": integer(1),
    "max_tokens": integer(1),
    "metadata": OBJECT,
    "modalities": ARRAY,
    "n": integer(1, 128),
    "parallel_tool_calls": SWITCH,
    "prediction": OBJECT,
    "presence_penalty": decimal(-2, 2),
    "prompt_cache_key": TEXT,
    "prompt_cache_options": OBJECT,
    "prompt_cache_retention": one_of("in_memory", "24h"),
    "reasoning_effort": one_of(*EFFORTS),
    "response_format": OBJECT,
    "safety_identifier": TEXT,
    "seed": integer(-(2**63), 2**63 - 1),
    "service_tier": one_of(*TIERS),
    "stop": STOP,
    "store": SWITCH,
    "stream": SWITCH,
    "stream_options": OBJECT,
    "temperature": decimal(0, 2),
    "tool_choice": CHOICE,
    "tools": ARRAY,
    "top_logprobs": integer(0, 20),
    "top_p": decimal(0, 1),
    "user": TEXT,
    "verbosity": one_of(*VERBOSITIES),
    "web_search_options": OBJECT,
}

RESPONSES: dict[str, Check] = {
    "model": TEXT,
    "input": typed("a string or an array of input items", str, list),
    "background": SWITCH,
    "client_metadata": OBJECT,
    "context_management": ARRAY,
    "conversation": CHOICE,
    "include": ARRAY,
    "instructions": TEXT,
    "max_output_tokens": integer(16),
    "max_tool_calls": integer(0),
    "metadata": OBJECT,
    "parallel_tool_calls": SWITCH,
    "previous_response_id": TEXT,
    "prompt_cache_key": TEXT,
    "prompt_cache_options": OBJECT,
    "prompt_cache_retention": one_of("in_memory", "24h"),
    "reasoning": OBJECT,
    "safety_identifier": TEXT,
    "service_tier": one_of(*TIERS),
    "store": SWITCH,
    "stream": SWITCH,
    "stream_options": OBJECT,
    "temperature": decimal(0, 2),
    "text": OBJECT,
    "tool_choice": CHOICE,
    "tools": ARRAY,
    "top_logprobs": integer(0, 20),
    "top_p": decimal(0, 1),
    "truncation": one_of("auto", "disabled"),
    "user": TEXT,
}

COMPACTION: dict[str, Check] = {
    "model": TEXT,
    "input": typed("a string or an array of input items", str, list),
    "instructions": TEXT,
    "previous_response_id": TEXT,
    "prompt_cache_key": TEXT,
    "service_tier": one_of(*TIERS),
}

COMPLETIONS: dict[str, Check] = {
    "model": TEXT,
    "prompt": typed("a string or an array", str, list),
    "best_of": integer(1, 20),
    "echo": SWITCH,
    "frequency_penalty": decimal(-2, 2),
    "logit_bias": OBJECT,
    "logprobs": integer(0, 5),
    "max_tokens": integer(0),
    "n": integer(1, 128),
    "presence_penalty": decimal(-2, 2),
    "seed": integer(-(2**63), 2**63 - 1),
    "stop": STOP,
    "stream": SWITCH,
    "stream_options": OBJECT,
    "suffix": TEXT,
    "temperature": decimal(0, 2),
    "top_p": decimal(0, 1),
    "user": TEXT,
}

EMBEDDINGS: dict[str, Check] = {
    "model": TEXT,
    "input": typed("a string or an array", str, list),
    "dimensions": integer(1),
    "encoding_format": one_of("float", "base64"),
    "user": TEXT,
}


def check_fields(fields: Mapping[str, Any], table: Mapping[str, Check]) -> None:
    """Raise `ApiError` for the first field that is unknown or has a wrong type or value.

    `null` stands for absence, as OpenAI takes it, except where a field is required.
    """
    for name, value in fields.items():
        check = table.get(name)
        if check is None:
            raise unknown_field(name)
        if value is not None:
            check(name, value)
    _check_stream_options(fields)


def required(fields: Mapping[str, Any], name: str) -> Any:
    """The value of a field that must be there."""
    value = fields.get(name)
    if value is None:
        raise missing(name)
    return value


def stop_sequences(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """`stop` as a tuple; at most four, as documented."""
    stop = fields.get("stop")
    if stop is None:
        return ()
    if isinstance(stop, str):
        return (stop,) if stop else ()
    for index, one in enumerate(stop):
        if not isinstance(one, str):
            raise wrong_type(f"stop[{index}]", "a string", one)
    if len(stop) > 4:
        raise ApiError(
            400,
            "Invalid 'stop': array too long. Expected an array with maximum length 4, "
            f"but got an array with length {len(stop)} instead.",
            param="stop",
            code="array_above_max_length",
        )
    return tuple(one for one in stop if one)


def _check_stream_options(fields: Mapping[str, Any]) -> None:
    options = fields.get("stream_options")
    if options is None:
        return
    if not fields.get("stream"):
        raise ApiError(
            400,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    for name, value in options.items():
        if name not in ("include_usage", "include_obfuscation"):
            raise unknown_field(f"stream_options.{name}")
        if value is not None and not isinstance(value, bool):
            raise wrong_type(f"stream_options.{name}", "a boolean", value)
