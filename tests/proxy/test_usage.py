"""Usage is read in every shape; what cannot be true counts as none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.endpoints import Shape
from proxy.usage import ToolCalls, hosted_calls, read_usage
from storage.records import Usage
from tests.proxy.strategies import json_values

CHAT = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
RESPONSES = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}


@pytest.mark.parametrize(
    ("shape", "usage", "expected"),
    [
        (Shape.CHAT, CHAT, Usage(10, 5)),
        (Shape.COMPLETIONS, CHAT, Usage(10, 5)),
        (Shape.CHAT, {"prompt_tokens": 10, "completion_tokens": 5}, Usage(10, 5)),
        (Shape.CHAT, {"prompt_tokens": 0, "completion_tokens": 0}, Usage()),
        (
            Shape.CHAT,
            {
                **CHAT,
                "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 3},
                "completion_tokens_details": {
                    "reasoning_tokens": 2,
                    "audio_tokens": 1,
                    "accepted_prediction_tokens": 1,
                    "rejected_prediction_tokens": 1,
                },
            },
            Usage(10, 5, 4, audio_input_tokens=3, reasoning_tokens=2, audio_output_tokens=1),
        ),
        (
            Shape.CHAT,
            {**CHAT, "prompt_tokens_details": None, "completion_tokens_details": {}},
            Usage(10, 5),
        ),
        (
            Shape.CHAT,
            {**CHAT, "prompt_tokens_details": {"cached_tokens": None, "cache_write_tokens": 6}},
            Usage(10, 5, cache_write_tokens=6),
        ),
        (
            Shape.RESPONSES,
            {
                **RESPONSES,
                "input_tokens_details": {"cached_tokens": 8},
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(10, 5, 8, reasoning_tokens=5),
        ),
        (Shape.EMBEDDINGS, {"prompt_tokens": 8, "total_tokens": 8}, Usage(8, 0)),
    ],
)
def test_usage_is_read_in_each_shape(shape: Shape, usage: Any, expected: Usage) -> None:
    assert read_usage(shape, usage) == expected


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        "10",
        {},
        {"prompt_tokens": 10},
        {"completion_tokens": 10},
        {**CHAT, "prompt_tokens": -1},
        {**CHAT, "prompt_tokens": "10"},
        {**CHAT, "prompt_tokens": 10.0},
        {**CHAT, "prompt_tokens": True},
        {**CHAT, "completion_tokens": 10**12},
        {**CHAT, "completion_tokens": None},
        {**CHAT, "total_tokens": 16},
        {**CHAT, "total_tokens": "15"},
        {**CHAT, "prompt_tokens_details": {"cached_tokens": 11}},
        {**CHAT, "prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 5}},
        {**CHAT, "prompt_tokens_details": {"cached_tokens": -1}},
        {**CHAT, "prompt_tokens_details": {"cached_tokens": True}},
        {**CHAT, "prompt_tokens_details": [1]},
        {**CHAT, "completion_tokens_details": {"reasoning_tokens": 6}},
        {**CHAT, "completion_tokens_details": {"audio_tokens": "1"}},
    ],
)
def test_usage_that_cannot_be_true_counts_as_none(usage: Any) -> None:
    assert read_usage(Shape.CHAT, usage) is None


@given(st.sampled_from(list(Shape)), json_values)
def test_any_json_is_usage_or_none(shape: Shape, value: Any) -> None:
    usage = read_usage(shape, value)
    assert usage is None or 0 <= usage.cached_tokens <= usage.input_tokens


@pytest.mark.parametrize(
    ("items", "tools", "expected"),
    [
        ([{"type": "web_search_call"}] * 2, [], ToolCalls(web_searches=2)),
        (
            [
                {"type": "web_search_call", "action": {"type": "search", "query": "a"}},
                {"type": "web_search_call", "action": {"type": "open_page"}},
                {"type": "web_search_call", "action": {"type": "find"}},
            ],
            [],
            ToolCalls(web_searches=1),
        ),
        ([{"type": "file_search_call"}, {"type": "message"}], [], ToolCalls(file_searches=1)),
        (
            [{"type": "code_interpreter_call", "container_id": "c1"}] * 3,
            [{"type": "code_interpreter", "container": {"memory_limit": "4g"}}],
            ToolCalls(code_sessions=4),
        ),
        (
            [{"type": "code_interpreter_call", "container_id": c} for c in ("c1", "c2")],
            [{"type": "code_interpreter", "container": "c1"}],
            ToolCalls(code_sessions=2),
        ),
        ("rubbish", None, ToolCalls()),
        ([1, None, "x"], {}, ToolCalls()),
    ],
)
def test_hosted_calls_that_cost_a_fee(items: Any, tools: Any, expected: ToolCalls) -> None:
    assert hosted_calls({"output": items, "tools": tools}) == expected
