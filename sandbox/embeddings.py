"""`POST /v1/embeddings`: vectors that depend on the text alone, as floats or base64."""

import math
from array import array
from base64 import b64encode
from hashlib import shake_256
from typing import Any

from sandbox import counting
from sandbox.answer import Answer, Ask, shown
from sandbox.completions import read_inputs
from sandbox.errors import ApiError, context_exceeded, out_of_range, unsupported
from sandbox.params import EMBEDDINGS, check_fields, required
from sandbox.usage import Units, embedding_usage

INPUTS_MAX = 2048
TOTAL_TOKENS_MAX = 300_000
"""Both from OpenAI's reference of this endpoint."""

_DIMENSIONS = {"text-embedding-3-large": 3072}
_DEFAULT_DIMENSIONS = 1536


def answer(ask: Ask) -> Answer:
    """Answer an embeddings request; raises `ApiError` 400."""
    fields = ask.fields
    check_fields(fields, EMBEDDINGS)
    inputs = _inputs(ask)
    dimensions = _dimensions(ask)
    base64 = fields.get("encoding_format") == "base64"
    data = []
    for index, (text, _) in enumerate(inputs):
        vector = _vector(ask.model.name, text, dimensions)
        shape: Any = b64encode(vector.tobytes()).decode() if base64 else vector.tolist()
        data.append({"object": "embedding", "index": index, "embedding": shape})
    units = Units(input_tokens=sum(tokens for _, tokens in inputs))
    document: dict[str, Any] = {"object": "list", "data": data, "model": ask.served_name}
    usage = shown(ask, embedding_usage(units))
    if usage is not None:
        document["usage"] = usage
    return Answer(ask.model, "default", units, document=document)


def _inputs(ask: Ask) -> list[tuple[str, int]]:
    given = required(ask.fields, "input")
    encoding = counting.encoding_name(ask.model.name)
    inputs = read_inputs([given] if isinstance(given, str) else given, "input", encoding)
    if not inputs or any(tokens == 0 for _, tokens in inputs):
        raise ApiError(400, "'$.input' is invalid: it must not be empty.", param="input")
    if len(inputs) > INPUTS_MAX:
        raise ApiError(
            400,
            f"Invalid 'input': array too long. Expected an array with maximum length "
            f"{INPUTS_MAX}, but got an array with length {len(inputs)} instead.",
            param="input",
            code="array_above_max_length",
        )
    longest = max(tokens for _, tokens in inputs)
    limit = ask.model.max_input_tokens
    if limit is not None and longest > limit:
        raise context_exceeded(limit, longest, 0, "input")
    total = sum(tokens for _, tokens in inputs)
    if total > TOTAL_TOKENS_MAX:
        raise ApiError(
            400,
            f"Requested {total} tokens, max {TOTAL_TOKENS_MAX} tokens per request",
            kind="max_tokens_per_request",
            code="max_tokens_per_request",
        )
    return inputs


def _dimensions(ask: Ask) -> int:
    whole = _DIMENSIONS.get(ask.model.name, _DEFAULT_DIMENSIONS)
    asked = ask.fields.get("dimensions")
    if asked is None:
        return whole
    if "ada-002" in ask.model.name:
        raise unsupported("dimensions", "This model does not support specifying dimensions.")
    if asked > whole:
        raise out_of_range("dimensions", asked, 1, whole, "integer")
    return int(asked)


def _vector(model: str, text: str, dimensions: int) -> "array[float]":
    """A unit vector of 32-bit floats; a shorter one is the start of the longer, rescaled."""
    raw = array("h", shake_256(f"{model}\n{text}".encode()).digest(dimensions * 2))
    length = math.sqrt(sum(one * one for one in raw)) or 1.0
    return array("f", [one / length for one in raw])
