"""Where nobody tells usage, what was produced is counted; the unseen is charged as held."""

import json
from dataclasses import replace
from typing import Any

import pytest

from proxy import produced
from proxy.endpoints import Endpoint
from proxy.meter import count_answer
from storage.records import Usage
from tests.proxy.answers import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    GPT_4O,
    GPT_5,
    RESPONSES,
    RESPONSES_ANSWER,
    WORST,
    chunk,
    count,
    events,
    fed,
    meter,
)

TOOL_CALLS = [{"id": "c", "function": {"name": "get_weather", "arguments": '{"city":"Köln"}'}}]


@pytest.mark.parametrize(
    ("endpoint", "answer", "tokens"),
    [
        (CHAT, {"choices": [{"message": {"content": "hello there"}}]}, count("hello there")),
        (
            CHAT,
            {"choices": [{"message": {"content": "a b"}}, {"message": {"refusal": "no"}}]},
            count("a b") + count("no"),
        ),
        (
            CHAT,
            {"choices": [{"message": {"content": None, "tool_calls": TOOL_CALLS}}]},
            count("get_weather") + count('{"city":"Köln"}') + 8,
        ),
        (COMPLETIONS, {"choices": [{"text": "one two"}, {"text": "three"}]}, 3),
        (RESPONSES, RESPONSES_ANSWER, count("hello there") + 8),
        (EMBEDDINGS, {"data": [{"embedding": [0.1]}]}, 0),
    ],
)
async def test_a_success_without_usage_is_counted(
    endpoint: Endpoint, answer: Any, tokens: int
) -> None:
    raw = json.dumps({**answer, "usage": None}).encode()
    usage = await count_answer(endpoint, raw, GPT_4O, WORST, 100)
    assert usage == Usage(input_tokens=12, output_tokens=tokens)


async def test_hidden_reasoning_is_charged_at_what_was_held() -> None:
    raw = json.dumps(RESPONSES_ANSWER).encode()
    worst = replace(WORST, web_searches=3, choices=2)
    usage = await count_answer(RESPONSES, raw, GPT_5, worst, 50)
    assert usage == Usage(12, 100, web_searches=3)


async def test_an_answer_that_cannot_be_read_is_charged_at_what_was_held() -> None:
    assert await count_answer(CHAT, b"rubbish", GPT_4O, WORST, 70) == Usage(12, 70)


async def test_no_count_is_above_what_was_held() -> None:
    raw = json.dumps({"choices": [{"message": {"content": "word " * 1000}}]}).encode()
    assert (await count_answer(CHAT, raw, GPT_4O, WORST, 100)).output_tokens == 100


@pytest.mark.parametrize(
    ("endpoint", "data", "tokens"),
    [
        (CHAT, [], 0),
        (CHAT, [chunk({"content": "hel"}), chunk({"content": "lo there"})], count("hello there")),
        (CHAT, [chunk({"refusal": "I can"}), chunk({"refusal": "not"})], count("I cannot")),
        (
            CHAT,
            [
                {"choices": [{"index": 0, "delta": {"content": "red"}}]},
                {"choices": [{"index": 1, "delta": {"content": "green"}}]},
                {"choices": [{"index": 0, "delta": {"content": " blue"}}]},
            ],
            count("red blue") + count("green"),
        ),
        (
            CHAT,
            [
                chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ""}}]}),
                chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}),
                chunk({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
                chunk({"tool_calls": [{"index": 1, "function": {"name": "g"}}]}),
            ],
            count("f") + count('{"a":1}') + count("g") + 16,
        ),
        (COMPLETIONS, [{"choices": [{"index": 0, "text": "one"}]}], count("one")),
        (
            RESPONSES,
            [
                {"type": "response.output_text.delta", "output_index": 0, "delta": "hel"},
                {"type": "response.output_text.delta", "output_index": 0, "delta": "lo"},
                {"type": "response.output_text.done", "output_index": 0, "text": "hello"},
                {"type": "response.refusal.delta", "output_index": 1, "delta": "no"},
                {
                    "type": "response.output_item.added",
                    "output_index": 2,
                    "item": {"type": "function_call", "name": "f"},
                },
                {
                    "type": "response.function_call_arguments.delta",
                    "output_index": 2,
                    "delta": "{}",
                },
            ],
            count("hello") + count("no") + count("f") + count("{}") + 8,
        ),
    ],
)
def test_a_client_that_left_is_charged_for_what_was_seen(
    endpoint: Endpoint, data: list[Any], tokens: int
) -> None:
    following = meter(endpoint)
    fed(events(*data, done=False), following)
    assert following.seen() == Usage(input_tokens=12, output_tokens=tokens)
    assert not following.reading.complete


def test_what_cannot_be_seen_of_a_stream_is_charged_at_what_was_held() -> None:
    stream = events(chunk({"content": "hi"}), done=False)
    reasoning = meter(model=GPT_5)
    fed(stream, reasoning)
    assert reasoning.seen() == Usage(12, 100)
    speaking = meter(worst=replace(WORST, audio_output=True))
    fed(stream, speaking)
    assert speaking.seen() == Usage(12, 100, audio_output_tokens=100)
    unknown = meter(model=None)
    assert unknown.seen() == Usage(12, 100)
    fed(stream, unknown)
    assert unknown.seen() == Usage(12, count("hi"))


def test_what_does_not_fit_the_bound_is_said_to_have_overflowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(produced, "TEXT_CHARACTERS_MAX", 5)
    gathered = produced.Produced()
    gathered.add_stream(CHAT.shape, chunk({"content": "abcdef"}))
    assert gathered.overflowed
    following = meter()
    fed(events(chunk({"content": "abcdef"}), done=False), following)
    assert following.seen().output_tokens == WORST.output_ceiling
