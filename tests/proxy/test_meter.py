"""Invariant: usage settles once, before the end; without it nothing above the hold is charged."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Model
from proxy.endpoints import Endpoint, find
from proxy.meter import Reading, Step, StreamMeter, count_answer, read_answer
from proxy.sse import Event, EventReader
from proxy.tokens import encoding
from storage.records import Flag, Usage, WorstCase
from tests.proxy.strategies import json_values

CHAT = find("POST", "/v1/chat/completions")
RESPONSES = find("POST", "/v1/responses")
COMPLETIONS = find("POST", "/v1/completions")
EMBEDDINGS = find("POST", "/v1/embeddings")
METERED = [CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS]

GPT_4O = Model("gpt-4o", "chat", 128_000, 16_384)
GPT_5 = Model("gpt-5", "chat", 272_000, 128_000, is_reasoning=True)
WORST = WorstCase(40, 100, counted_input_tokens=12)
NO_USAGE = frozenset({Flag.NO_USAGE})


def count(text: str) -> int:
    return len(encoding("o200k_base").encode_ordinary(text))


def read(endpoint: Endpoint, answer: Any) -> Reading:
    return read_answer(endpoint, json.dumps(answer).encode())


CHAT_ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-2024-08-06",
    "service_tier": "priority",
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
RESPONSES_ANSWER = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5-2025-08-07",
    "service_tier": "default",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "output": [
        {"type": "web_search_call"},
        {"type": "message", "content": [{"type": "output_text", "text": "hello there"}]},
    ],
    "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
}


# Whole answers.


@pytest.mark.parametrize(
    ("endpoint", "answer", "expected"),
    [
        (CHAT, CHAT_ANSWER, Reading(Usage(9, 2), "gpt-4o-2024-08-06", "priority")),
        (
            CHAT,
            {**CHAT_ANSWER, "choices": [{"finish_reason": "stop"}, {"finish_reason": "length"}]},
            Reading(Usage(9, 2), "gpt-4o-2024-08-06", "priority", ended_at_ceiling=True),
        ),
        (
            RESPONSES,
            RESPONSES_ANSWER,
            Reading(Usage(9, 2, web_searches=1), "gpt-5-2025-08-07", "default", "resp_1"),
        ),
        (
            RESPONSES,
            {**RESPONSES_ANSWER, "incomplete_details": {"reason": "max_output_tokens"}},
            Reading(
                Usage(9, 2, web_searches=1),
                "gpt-5-2025-08-07",
                "default",
                "resp_1",
                ended_at_ceiling=True,
            ),
        ),
        (
            RESPONSES,
            {**RESPONSES_ANSWER, "incomplete_details": {"reason": "content_filter"}, "output": []},
            Reading(Usage(9, 2), "gpt-5-2025-08-07", "default", "resp_1"),
        ),
        (
            EMBEDDINGS,
            {"model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8}},
            Reading(Usage(8, 0), "text-embedding-3-small"),
        ),
        (
            CHAT,
            {**CHAT_ANSWER, "model": "gpt-4o-search-preview", "service_tier": "auto"},
            Reading(Usage(9, 2, web_searches=1), "gpt-4o-search-preview"),
        ),
        (
            CHAT,
            {**CHAT_ANSWER, "usage": {"prompt_tokens": -9, "completion_tokens": 2}},
            Reading(None, "gpt-4o-2024-08-06", "priority", flags=NO_USAGE),
        ),
        (CHAT, {"model": 5, "service_tier": [1]}, Reading(flags=NO_USAGE)),
        (CHAT, {"error": {"message": "no"}}, Reading(failed=True, flags=NO_USAGE)),
    ],
)
def test_an_answer_says_what_it_used(endpoint: Endpoint, answer: Any, expected: Reading) -> None:
    assert read(endpoint, answer) == expected


@pytest.mark.parametrize("raw", [b"", b"rubbish", b"[]", b"null", b'{"usage":', b"\xff\x00"])
def test_rubbish_is_not_a_complete_answer(raw: bytes) -> None:
    assert read_answer(CHAT, raw) == Reading(complete=False, flags=NO_USAGE)


def test_a_compressed_answer_is_decoded_for_metering() -> None:
    raw = gzip.compress(json.dumps(CHAT_ANSWER).encode())
    assert read_answer(CHAT, raw, "gzip").usage == Usage(9, 2)
    assert read_answer(CHAT, raw, "br").complete is False
    assert read_answer(CHAT, raw).complete is False


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


# Streams.


def events(*data: Any, done: bool = True) -> list[Event]:
    texts = [item if isinstance(item, str) else json.dumps(item) for item in data]
    stream = "".join(f"data: {text}\n\n" for text in [*texts, *["[DONE]"] * done])
    reader = EventReader()
    return reader.feed(stream.encode()) + reader.close()


def chunk(delta: Any = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": None}]
    return {"model": "gpt-4o-2024-08-06", "choices": choices, **more}


USAGE_CHUNK = chunk(usage=CHAT_ANSWER["usage"], service_tier="default")


def meter(
    endpoint: Endpoint = CHAT,
    model: Model | None = GPT_4O,
    worst: WorstCase = WORST,
    hide_usage: bool = False,
) -> StreamMeter:
    return StreamMeter(endpoint, model, worst, worst.output_ceiling, hide_usage)


def fed(stream: list[Event], into: StreamMeter) -> list[Step]:
    return [into.feed(event) for event in stream]


@pytest.mark.parametrize("hide_usage", [True, False])
def test_the_usage_chunk_settles_before_the_end_and_is_hidden_where_nobody_asked(
    hide_usage: bool,
) -> None:
    stream = events(chunk({"role": "assistant"}), chunk({"content": "hi"}, usage=None), USAGE_CHUNK)
    following = meter(hide_usage=hide_usage)
    steps = fed(stream, following)
    assert [step.pass_on for step in steps] == [True, True, not hide_usage, True]
    assert [step.done for step in steps] == [False, False, False, True]
    settled = [step.settle for step in steps]
    assert settled == [None, None, Reading(Usage(9, 2), "gpt-4o-2024-08-06"), None]
    assert following.reading.complete


def test_usage_beside_choices_settles_at_the_end_with_its_last_count() -> None:
    def running(tokens: int) -> dict[str, Any]:
        usage = {"prompt_tokens": 9, "completion_tokens": tokens}
        return chunk({"content": "x"}, usage=usage)

    steps = fed(events(running(1), running(2)), meter(hide_usage=True))
    assert [step.pass_on for step in steps] == [True, True, True]
    assert [step.settle and step.settle.usage for step in steps] == [None, None, Usage(9, 2)]


def test_chunks_without_choices_or_usage_are_passed_on() -> None:
    steps = fed(events({"choices": [], "prompt_filter_results": []}), meter(hide_usage=True))
    assert all(step.pass_on for step in steps)


def test_comments_and_rubbish_are_passed_on_and_mean_nothing() -> None:
    reader = EventReader()
    stream = reader.feed(b": ping\n\ndata: rubbish\n\ndata: [1]\n\n\n\ndata: \xff\n\n")
    assert fed(stream, meter()) == [Step()] * len(stream)


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("response.completed", {}, Reading(Usage(9, 2, web_searches=1), response_id="resp_1")),
        (
            "response.incomplete",
            {"incomplete_details": {"reason": "max_output_tokens"}},
            Reading(Usage(9, 2, web_searches=1), response_id="resp_1", ended_at_ceiling=True),
        ),
        (
            "response.failed",
            {"error": {"code": "server_error"}},
            Reading(Usage(9, 2, web_searches=1), response_id="resp_1", failed=True),
        ),
    ],
)
def test_the_last_event_of_a_responses_stream_settles(
    kind: str, more: dict[str, Any], expected: Reading
) -> None:
    created = {**RESPONSES_ANSWER, "usage": None, "output": [], "status": "in_progress"}
    stream = events(
        {"type": "response.created", "response": created},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "hello"},
        {"type": kind, "response": {**RESPONSES_ANSWER, **more}},
        done=False,
    )
    steps = fed(stream, meter(RESPONSES, GPT_5))
    assert [step.done for step in steps] == [False, False, True]
    assert steps[-1].settle == replace(expected, served_model="gpt-5-2025-08-07")
    assert all(step.pass_on for step in steps)


def test_a_responses_stream_that_fails_without_usage_is_over_and_unsettled() -> None:
    failed = {**RESPONSES_ANSWER, "usage": None, "error": {"code": "x"}}
    following = meter(RESPONSES)
    [step] = fed(events({"type": "response.failed", "response": failed}, done=False), following)
    assert (step.done, step.settle) == (True, None)
    assert following.reading.failed
    assert Flag.NO_USAGE in following.reading.flags


@pytest.mark.parametrize(
    ("endpoint", "error"),
    [
        (CHAT, {"error": {"message": "overloaded"}}),
        (RESPONSES, {"type": "error", "message": "overloaded"}),
    ],
)
def test_an_error_inside_a_stream_ends_it(endpoint: Endpoint, error: Any) -> None:
    following = meter(endpoint)
    [step] = fed(events(error, done=False), following)
    assert step == Step(done=True)
    assert following.reading.failed


def test_absurd_usage_does_not_settle() -> None:
    following = meter(hide_usage=True)
    steps = fed(events(chunk(usage={"prompt_tokens": -1, "completion_tokens": 2})), following)
    assert [step.settle for step in steps] == [None, None]
    assert [step.pass_on for step in steps] == [False, True]
    assert following.reading.flags == NO_USAGE


def test_an_answer_that_ends_at_its_ceiling_says_so() -> None:
    stream = events(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}, USAGE_CHUNK
    )
    assert [step.settle for step in fed(stream, meter())][1] == Reading(
        Usage(9, 2), "gpt-4o-2024-08-06", ended_at_ceiling=True
    )


def test_a_usage_event_above_the_bound_of_one_event_is_not_read() -> None:
    reader = EventReader(event_bytes_max=64)
    stream = reader.feed(b"data: " + json.dumps(USAGE_CHUNK).encode() + b"\n\n")
    assert all(step == Step() for step in fed(stream, meter()))


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


@given(
    st.sampled_from(METERED),
    st.lists(st.one_of(json_values, st.just(USAGE_CHUNK)), max_size=6),
    st.booleans(),
)
def test_any_json_events_settle_at_most_once_and_are_never_above_the_hold(
    endpoint: Endpoint, data: list[Any], hide_usage: bool
) -> None:
    following = meter(endpoint, hide_usage=hide_usage)
    steps = fed(events(*map(json.dumps, data)), following)
    assert sum(step.settle is not None for step in steps) <= 1
    assert 0 <= following.seen().output_tokens <= 100


KNOWN = st.sampled_from(
    [
        "id",
        "model",
        "usage",
        "choices",
        "delta",
        "message",
        "content",
        "tool_calls",
        "function",
        "arguments",
        "index",
        "error",
        "type",
        "response",
        "output",
        "text",
        "item",
        "name",
        "finish_reason",
        "incomplete_details",
        "reason",
        "service_tier",
    ]
)
shaped = st.recursive(
    st.one_of(
        st.none(),
        st.integers(-5, 5),
        st.text(max_size=3),
        st.sampled_from(["response.completed", "response.output_item.added", "x.delta", "error"]),
    ),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KNOWN, below, max_size=5)),
    max_leaves=20,
)


@given(st.sampled_from(METERED), st.lists(shaped, max_size=4), st.binary(max_size=60))
async def test_rubbish_in_the_right_places_is_read_without_harm(
    endpoint: Endpoint, data: list[Any], junk: bytes
) -> None:
    following = meter(endpoint)
    fed(
        [*events(*map(json.dumps, data)), *EventReader().feed(junk), Event(junk, "x", junk)],
        following,
    )
    assert following.seen().input_tokens == 12
    for raw in [junk, *(json.dumps(item).encode() for item in data)]:
        assert isinstance(read_answer(endpoint, raw), Reading)
        assert (await count_answer(endpoint, raw, GPT_4O, WORST, 100)).output_tokens <= 100
