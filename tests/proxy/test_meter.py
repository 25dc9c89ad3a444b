"""Invariant: usage settles once, before the end; without it nothing above the hold is charged."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.endpoints import Endpoint
from proxy.meter import Reading, Step, count_answer, read_answer
from proxy.sse import Event, EventReader
from storage.records import Flag, Usage
from tests.proxy.answers import (
    CHAT,
    CHAT_ANSWER,
    EMBEDDINGS,
    GPT_4O,
    GPT_5,
    METERED,
    NO_USAGE,
    RESPONSES,
    RESPONSES_ANSWER,
    USAGE_CHUNK,
    WORST,
    chunk,
    events,
    fed,
    meter,
)
from tests.proxy.strategies import json_values


def read(endpoint: Endpoint, answer: Any) -> Reading:
    return read_answer(endpoint, json.dumps(answer).encode())


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


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("model", "gpt-\ud800", Reading(served_model=None)),
        ("model", "gpt-5\x00", Reading(served_model=None)),
        ("service_tier", "flex\n", Reading(tier="default")),
        ("service_tier", "f" * 65, Reading(tier="default")),
        ("id", "resp_\ud800", Reading(response_id=None)),
    ],
)
def test_a_name_that_the_ledger_could_not_keep_is_none(
    field: str, value: str, expected: Reading
) -> None:
    known = Reading(Usage(9, 2, web_searches=1), "gpt-5-2025-08-07", "default", "resp_1")
    name = {"model": "served_model", "service_tier": "tier", "id": "response_id"}[field]
    told = read(RESPONSES, {**RESPONSES_ANSWER, field: value})
    assert told == replace(known, **{name: getattr(expected, name)})


def test_a_compressed_answer_is_decoded_for_metering() -> None:
    raw = gzip.compress(json.dumps(CHAT_ANSWER).encode())
    assert read_answer(CHAT, raw, "gzip").usage == Usage(9, 2)
    assert read_answer(CHAT, raw, "br").complete is False
    assert read_answer(CHAT, raw).complete is False


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


@pytest.mark.parametrize("endpoint", METERED)
def test_a_word_that_is_no_text_is_read_without_harm(endpoint: Endpoint) -> None:
    following = meter(endpoint)
    fed(events(json.dumps({"type": [], "response": {"status": {}}}), done=False), following)
    assert following.seen().input_tokens == 12
    assert read_answer(endpoint, b'{"status": [], "type": {}, "object": []}').usage is None


def test_half_a_character_in_a_text_does_not_hide_the_usage() -> None:
    raw = json.dumps({**CHAT_ANSWER, "choices": [{"message": {"content": "\ud83d"}}]}).encode()
    assert read_answer(CHAT, raw).usage == Usage(9, 2)
    following = meter()
    fed(events(chunk({"content": "a\ud83d"}), done=False), following)
    assert following.seen().output_tokens > 0
