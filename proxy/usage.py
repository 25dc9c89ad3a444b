"""Usage as OpenAI writes it, in each shape; what cannot be true counts as none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from config.bounds import TOKENS_MAX
from proxy.endpoints import Shape
from proxy.hosted_tools import container_units
from storage.records import Usage


@dataclass(frozen=True, slots=True)
class _Names:
    """Where one shape keeps its counts."""

    input: str
    output: str
    input_details: str
    output_details: str


_PROMPT: Final = _Names(
    "prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"
)
_INPUT: Final = _Names(
    "input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"
)

_HEARD: Final = _Names(
    "input_tokens", "output_tokens", "input_token_details", "output_token_details"
)
_NAMES: Final = {
    Shape.CHAT: _PROMPT,
    Shape.COMPLETIONS: _PROMPT,
    Shape.EMBEDDINGS: _PROMPT,
    Shape.TRANSCRIPTION: _HEARD,
}
SECONDS_MAX: Final = 1_000_000

_ABSURD: Final = -1
"""Stands for a count that cannot be: it fails every comparison below."""


def read_usage(shape: Shape, usage: object) -> Usage | None:
    """The tokens of a `usage` object; None where it is missing or cannot be true.

    Cannot be true: counts that are no integers, negative or above `TOKENS_MAX`, a part larger
    than its whole, a total that is not the sum.
    """
    if not isinstance(usage, dict):
        return None
    if shape is Shape.TRANSCRIPTION and usage.get("type") == "duration":
        return seconds_heard(usage.get("seconds"))
    names = _NAMES.get(shape, _INPUT)
    audio, images, cached_audio, cached_images = _media(usage, names.input_details)
    read = Usage(
        input_tokens=_count(usage.get(names.input)),
        output_tokens=_count(usage.get(names.output, 0 if shape is Shape.EMBEDDINGS else None)),
        cached_tokens=_part(usage, names.input_details, "cached_tokens"),
        cache_write_tokens=_part(
            usage, names.input_details, "cache_write_tokens", "cache_creation_tokens"
        ),
        audio_input_tokens=audio,
        image_input_tokens=images,
        reasoning_tokens=_part(usage, names.output_details, "reasoning_tokens"),
        audio_output_tokens=_part(usage, names.output_details, "audio_tokens"),
        image_output_tokens=_part(usage, names.output_details, "image_tokens"),
        cached_audio_tokens=cached_audio,
        cached_image_tokens=cached_images,
    )
    read = _whole_output(shape, _untangled(read), usage)
    total = _count(usage["total_tokens"]) if usage.get("total_tokens") is not None else None
    return read if _can_be_true(read, total) else None


def _media(usage: Mapping[str, Any], details: str) -> tuple[int, int, int, int]:
    """Audio and images that were read anew, then those that were cached.

    `cached_tokens_details` says what of a kind was cached: that is billed at a price of its own,
    once. Without it, what was cached is taken for text.
    """
    held = usage.get(details)
    inside: Mapping[str, Any] = held if isinstance(held, dict) else {}
    cached_audio = _part(inside, "cached_tokens_details", "audio_tokens")
    cached_images = _part(inside, "cached_tokens_details", "image_tokens")
    audio = _part(usage, details, "audio_tokens")
    images = _part(usage, details, "image_tokens")
    if min(cached_audio, cached_images, audio, images) < 0:
        return _ABSURD, _ABSURD, _ABSURD, _ABSURD
    return audio - cached_audio, images - cached_images, cached_audio, cached_images


def _untangled(read: Usage) -> Usage:
    """Parts that are more than the whole overlap: those audio and images were cached."""
    parts = read.cached_tokens + read.cache_write_tokens
    over = parts + read.audio_input_tokens + read.image_input_tokens - read.input_tokens
    over = max(0, min(over, read.cached_tokens))
    audio = min(over, max(0, read.audio_input_tokens))
    images = min(over - audio, max(0, read.image_input_tokens))
    return replace(
        read,
        audio_input_tokens=read.audio_input_tokens - audio,
        image_input_tokens=read.image_input_tokens - images,
        cached_audio_tokens=read.cached_audio_tokens + audio,
        cached_image_tokens=read.cached_image_tokens + images,
    )


def _whole_output(shape: Shape, read: Usage, usage: Mapping[str, Any]) -> Usage:
    """What an answer of images or speech puts out is all of that kind, unless it says more."""
    if usage.get("output_tokens_details") is not None or read.output_tokens < 0:
        return read
    if shape is Shape.IMAGES:
        return replace(read, image_output_tokens=read.output_tokens)
    if shape is Shape.SPEECH:
        return replace(read, audio_output_tokens=read.output_tokens)
    return read


def seconds_heard(value: object) -> Usage | None:
    """A duration as usage: seconds that have begun are billed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Usage(audio_seconds=math.ceil(value)) if 0 <= value <= SECONDS_MAX else None


def _can_be_true(read: Usage, total: int | None) -> bool:
    of_input = (
        read.cached_tokens,
        read.cache_write_tokens,
        read.audio_input_tokens,
        read.image_input_tokens,
    )
    of_output = (read.reasoning_tokens, read.audio_output_tokens, read.image_output_tokens)
    return (
        all(0 <= part <= read.input_tokens for part in (*of_input, 0))
        and all(0 <= part <= read.output_tokens for part in (*of_output, 0))
        and read.cached_tokens + read.cache_write_tokens <= read.input_tokens
        and read.audio_input_tokens + read.image_input_tokens <= read.input_tokens
        and min(read.cached_audio_tokens, read.cached_image_tokens) >= 0
        and read.cached_audio_tokens + read.cached_image_tokens <= read.cached_tokens
        and total in (None, read.total_tokens)
    )


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= TOKENS_MAX:
        return _ABSURD
    return value


def _part(usage: Mapping[str, Any], details: str, *names: str) -> int:
    """A count within details; 0 where it is missing or null."""
    held = usage.get(details)
    if held is None:
        return 0
    if not isinstance(held, dict):
        return _ABSURD
    given = [held[name] for name in names if held.get(name) is not None]
    return _count(given[0]) if given else 0


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """Hosted tool calls that cost a fee."""

    web_searches: int = 0
    file_searches: int = 0
    code_sessions: int = 0


def hosted_calls(response: Mapping[str, Any]) -> ToolCalls:
    """The fees of a /v1/responses answer, from its output items and the tools it repeats.

    Opening a page and finding in it are part of a search and cost nothing of their own.
    """
    output = response.get("output")
    items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
    containers = {container for item in items if (container := _container(item)) is not None}
    tools = response.get("tools")
    return ToolCalls(
        web_searches=sum(_is_search(item) for item in items),
        file_searches=sum(item.get("type") == "file_search_call" for item in items),
        code_sessions=len(containers) * max(1, container_units(tools)),
    )


def _is_search(item: Mapping[str, Any]) -> bool:
    if item.get("type") != "web_search_call":
        return False
    action = item.get("action")
    return not isinstance(action, dict) or action.get("type", "search") == "search"


def _container(item: Mapping[str, Any]) -> str | None:
    environment = item.get("environment")
    holder = environment if isinstance(environment, dict) else item
    container = holder.get("container_id")
    return container if isinstance(container, str) else None
