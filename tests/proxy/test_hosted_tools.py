"""Tools that OpenAI runs itself are held for round by round."""

from typing import Any

import pytest

from config.models import Model
from proxy.body import with_ceiling
from proxy.endpoints import Endpoint
from proxy.estimate import tool_calls_to_write
from tests.proxy.samples import CHAT, GPT_5, HI, RESPONSES, body_of, worst_of


@pytest.mark.parametrize(
    ("tools", "max_calls", "rounds_of", "fees"),
    [
        (["function"], None, (0, 0), (0, 0, 0)),
        (["web_search"], 2, (2, 128_000), (2, 0, 0)),
        (["web_search_preview_2025_03_11"], None, (8, 128_000), (8, 0, 0)),
        (["file_search"], 3, (3, 272_000), (0, 3, 0)),
        (["code_interpreter"], 5, (5, 272_000), (0, 0, 3)),
        (["code_interpreter"], 1, (1, 272_000), (0, 0, 1)),
        (["mcp"], 1, (2, 272_000), (0, 0, 0)),
        (["web_search", "file_search"], 1, (1, 272_000), (1, 1, 0)),
        (["tool_of_tomorrow"], 1, (2, 272_000), (0, 0, 0)),
        (["web_search"], 0, (0, 0), (0, 0, 0)),
    ],
)
async def test_hosted_tools_read_the_context_once_more_for_each_call(
    tools: list[str],
    max_calls: int | None,
    rounds_of: tuple[int, int],
    fees: tuple[int, int, int],
) -> None:
    fields = {"input": "hi", "tools": [{"type": kind} for kind in tools]}
    worst = await worst_of(RESPONSES, {**fields, "max_tool_calls": max_calls}, GPT_5)
    rounds, window = rounds_of
    assert rounds * window <= worst.input_tokens < rounds * window + 10_000
    assert (worst.web_searches, worst.file_searches, worst.code_sessions) == fees


async def test_a_larger_container_costs_more_sessions() -> None:
    tool = {"type": "code_interpreter", "container": {"type": "auto", "memory_limit": "4g"}}
    worst = await worst_of(RESPONSES, {"input": "a", "tools": [tool], "max_tool_calls": 1})
    assert worst.code_sessions == 4


async def test_a_stored_prompt_may_bring_any_tool_along() -> None:
    worst = await worst_of(RESPONSES, {"prompt": {"id": "pmpt_1"}, "max_tool_calls": 1})
    assert worst.input_tokens >= 2 * 128_000
    assert worst.web_searches == worst.file_searches == 1


async def test_a_search_model_searches_for_every_answer() -> None:
    model = Model("gpt-4o-search-preview", "chat", 128_000, 16_384)
    assert (await worst_of(CHAT, HI, model)).web_searches == 1


@pytest.mark.parametrize(
    ("endpoint", "fields", "calls"),
    [
        (RESPONSES, {"tools": [{"type": "web_search"}]}, 8),
        (RESPONSES, {"tools": [{"type": "web_search"}], "max_tool_calls": None}, 8),
        (RESPONSES, {"tools": [{"type": "web_search"}], "max_tool_calls": 3}, None),
        (RESPONSES, {"tools": [{"type": "function", "name": "f"}]}, None),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}, 8),
        (RESPONSES, {"input": "a"}, None),
        (CHAT, HI, None),
    ],
)
def test_the_rounds_that_are_held_for_are_written_in(
    endpoint: Endpoint, fields: dict[str, Any], calls: int | None
) -> None:
    body = body_of(fields)
    assert tool_calls_to_write(endpoint, body) == calls
    if calls is not None:
        assert with_ceiling(body, "max_tool_calls", calls).fields["max_tool_calls"] == calls
