"""Invariant: whatever a body says, it is bounded by whole numbers, or refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Model
from proxy.body import BadBody, read_body
from proxy.endpoints import Endpoint, Shape
from proxy.estimate import (
    EstimateLimits,
    ceiling_field,
    estimate,
    must_write_ceiling,
    tool_calls_to_write,
)
from tests.proxy.samples import (
    CHAT,
    COMPLETIONS,
    EMBED,
    EMBEDDINGS,
    GPT_4O,
    GPT_5,
    INSTRUCT,
    RESPONSES,
    earlier_response,
    worst_of,
)
from tests.proxy.strategies import json_values

FIELDS = [
    *("messages", "input", "prompt", "suffix", "instructions", "tools", "functions", "text"),
    *("response_format", "prediction", "max_tokens", "max_completion_tokens", "modalities"),
    *("max_output_tokens", "max_tool_calls", "n", "best_of", "service_tier", "background"),
    *("previous_response_id", "conversation", "web_search_options", "audio", "stream_options"),
]
KEYS = [
    *("type", "content", "text", "role", "image_url", "url", "detail", "input_audio", "data"),
    *("file", "file_data", "container", "environment", "memory_limit", "encrypted_content"),
]
WORDS = [
    *("image_url", "input_image", "input_audio", "file", "function", "web_search", "mcp", "auto"),
    *("code_interpreter", "low", "high", "audio", "resp_known", "item_reference", "computer"),
]
shaped: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.integers(-3, 300), st.booleans(), st.sampled_from(WORDS), json_values),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), below, max_size=4),
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS]),
    st.sampled_from([GPT_4O, GPT_5, INSTRUCT, EMBED, None]),
    st.dictionaries(st.sampled_from(FIELDS), shaped, max_size=5),
)
async def test_any_body_is_bounded_or_refused(
    endpoint: Endpoint, model: Model | None, fields: dict[str, Any]
) -> None:
    body = read_body(json.dumps({"model": "m", **fields}).encode())
    try:
        worst = await estimate(endpoint, body, model, EstimateLimits(), earlier_response)
    except BadBody:
        return
    assert worst.input_tokens >= worst.counted_input_tokens >= 0
    assert worst.audio_input_tokens + worst.image_input_tokens <= worst.input_tokens
    assert worst.output_ceiling >= worst.min_output_tokens >= 0
    assert worst.choices >= 1
    assert not (worst.explicit and worst.lowerable)
    if worst.lowerable:
        assert body.fields.get(ceiling_field(endpoint, body, model)) is None
    if must_write_ceiling(endpoint, body, model, worst):
        assert worst.lowerable
    assert endpoint.shape is Shape.RESPONSES or tool_calls_to_write(endpoint, body) is None


async def test_amounts_that_money_could_not_hold_are_refused() -> None:
    prompts = {"prompt": ["a"] * 1_000, "best_of": 128, "max_tokens": 100_000_000}
    with pytest.raises(BadBody, match="more than 1000000000 tokens"):
        await worst_of(COMPLETIONS, prompts, INSTRUCT)
