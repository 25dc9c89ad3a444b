"""Ceilings of one call: what the model and the request allow."""

from collections.abc import Mapping
from typing import Any

from config.models import Model
from sandbox.answer import Ask
from sandbox.errors import context_exceeded, output_too_large

REASONING_SHARE: dict[str, tuple[int, int]] = {
    "none": (0, 0),
    "minimal": (0, 0),
    "low": (64, 256),
    "medium": (192, 768),
    "high": (512, 2048),
    "xhigh": (1024, 4096),
    "max": (1024, 8192),
}
"""Least and most hidden reasoning tokens by effort; counts are multiples of 64, as OpenAI's are."""

DEFAULT_OUTPUT_TOKENS = 4096
"""Where the price list states no limit."""


def output_ceiling(
    model: Model, prompt_tokens: int, asked: int | None, name: str, where: str
) -> int:
    """How many output tokens one choice may have.

    `asked` is the request's own ceiling from its field `name`; `where` names the prompt in an
    error. Raises `ApiError` 400 where prompt and ceiling do not fit the model.
    """
    model_output = model.max_output_tokens or DEFAULT_OUTPUT_TOKENS
    window = model.context_window
    if window is not None and prompt_tokens > window:
        raise context_exceeded(window, prompt_tokens, 0, where)
    if asked is not None and asked > model_output:
        raise output_too_large(name, asked, model_output)
    return model_output if asked is None else asked


def reasoning_tokens(ask: Ask, seed: int, effort: str | None) -> int:
    """Hidden reasoning tokens of one choice, deterministic by prompt and effort."""
    if not ask.model.is_reasoning:
        return 0
    if ask.directives.reasoning_tokens is not None:
        return ask.directives.reasoning_tokens
    least, most = REASONING_SHARE[effort or "medium"]
    found = least + seed // 64 % ((most - least) // 64 + 1) * 64
    ordered = ask.directives.output_tokens
    return found if ordered is None else min(found, ordered // 2)


def served_tier(fields: Mapping[str, Any]) -> str:
    """The tier an answer names: the one asked for, `default` for none or `auto`."""
    asked = fields.get("service_tier") or "default"
    return "default" if asked == "auto" else str(asked)
