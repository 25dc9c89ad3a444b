"""Invariant: what a call is held for is never less than what OpenAI can bill for it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Model
from proxy.body import BadBody, Body, read_body, with_ceiling
from proxy.endpoints import Endpoint, find
from proxy.estimate import EstimateLimits, ceiling_field, estimate, must_write_ceiling
from proxy.tokens import encoding
from storage.records import WorstCase
from tests.proxy.strategies import texts

CHAT = find("POST", "/v1/chat/completions")
RESPONSES = find("POST", "/v1/responses")
COMPLETIONS = find("POST", "/v1/completions")
EMBEDDINGS = find("POST", "/v1/embeddings")

GPT_4O = Model("gpt-4o", "chat", max_input_tokens=128_000, max_output_tokens=16_384)
GPT_5 = Model("gpt-5", "chat", 272_000, 128_000, is_reasoning=True)
INSTRUCT = Model("gpt-3.5-turbo-instruct", "completion", 8_192, 4_096)
EMBED = Model("text-embedding-3-small", "embedding", 8_191)

HI = {"messages": [{"role": "user", "content": "hi"}]}


def body_of(fields: dict[str, Any], model: str = "gpt-4o") -> Body:
    return read_body(json.dumps({"model": model, **fields}).encode())


async def earlier_response(identifier: str) -> int | None:
    return {"resp_known": 1_234}.get(identifier)


async def worst_of(
    endpoint: Endpoint, fields: dict[str, Any], model: Model | None = GPT_4O
) -> WorstCase:
    name = "some-model" if model is None else model.name
    return await estimate(
        endpoint, body_of(fields, name), model, EstimateLimits(), earlier_response
    )


def count(text: str) -> int:
    return len(encoding("o200k_base").encode_ordinary(text))


# What OpenAI bills, by its cookbook "How to count tokens with tiktoken", written anew here.


def billed_messages(messages: list[dict[str, Any]]) -> int:
    total = 3
    for message in messages:
        total += 3
        for key, value in message.items():
            if isinstance(value, str):
                total += count(value)
            elif key == "tool_calls":
                for call in value:
                    function = call["function"]
                    total += 8 + count(function["name"]) + count(function["arguments"])
            else:
                total += count("".join(part["text"] for part in value))
            total += key == "name"
    return total


def billed_tools(tools: list[dict[str, Any]]) -> int:
    total = 12
    for tool in tools:
        function = tool["function"]
        description = function["description"].rstrip(".")
        total += 10 + count(function["name"] + ":" + description)
        properties = function["parameters"]["properties"]
        total += 3 if properties else 0
        for name, schema in properties.items():
            total += 3
            for item in schema.get("enum", []):
                total += 3 + count(item)
            total += count(f"{name}:{schema['type']}:{schema['description'].rstrip('.')}")
    return total


contents = st.one_of(
    texts, st.lists(texts.map(lambda text: {"type": "text", "text": text}), max_size=4)
)
calls = st.lists(
    st.tuples(st.sampled_from(["get_weather", "f", "天気"]), texts).map(
        lambda pair: {
            "id": "call_1",
            "type": "function",
            "function": {"name": pair[0], "arguments": pair[1]},
        }
    ),
    min_size=1,
    max_size=3,
)
messages_drawn = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["system", "user", "assistant"]), "content": contents},
            optional={"name": texts},
        ),
        st.fixed_dictionaries({"role": st.just("assistant"), "tool_calls": calls}),
        st.fixed_dictionaries(
            {"role": st.just("tool"), "tool_call_id": st.just("call_1"), "content": texts}
        ),
    ),
    min_size=1,
    max_size=4,
)
properties_drawn = st.dictionaries(
    texts.filter(bool),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "number"]), "description": texts},
        optional={"enum": st.lists(texts, max_size=4)},
    ),
    max_size=4,
)
tools_drawn = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.just("function"),
            "function": st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["get_weather", "f"]),
                    "description": texts,
                    "parameters": st.fixed_dictionaries(
                        {"type": st.just("object"), "properties": properties_drawn}
                    ),
                }
            ),
        }
    ),
    min_size=1,
    max_size=3,
)


@given(messages_drawn)
async def test_messages_in_any_script_are_held_for_in_full(messages: list[dict[str, Any]]) -> None:
    worst = await worst_of(CHAT, {"messages": messages})
    assert worst.input_tokens >= billed_messages(messages)
    assert worst.input_tokens >= worst.counted_input_tokens


@given(tools_drawn)
async def test_tools_in_any_script_are_held_for_in_full(tools: list[dict[str, Any]]) -> None:
    bare = await worst_of(CHAT, HI)
    worst = await worst_of(CHAT, {**HI, "tools": tools})
    assert worst.input_tokens - bare.input_tokens >= billed_tools(tools)


@given(texts, texts)
async def test_fields_that_no_table_knows_count_as_text(name: str, text: str) -> None:
    bare = await worst_of(CHAT, HI)
    worst = await worst_of(CHAT, {**HI, "new field " + name: [text]})
    assert worst.input_tokens - bare.input_tokens >= count(json.dumps([text]))
    assert worst.input_tokens - bare.input_tokens >= count(text)


@given(texts, texts)
async def test_responses_hold_for_input_and_instructions(text: str, instructions: str) -> None:
    one = await worst_of(RESPONSES, {"input": text, "instructions": instructions})
    items = [{"role": "user", "content": [{"type": "input_text", "text": text}]}]
    two = await worst_of(RESPONSES, {"input": items, "instructions": instructions})
    assert min(one.input_tokens, two.input_tokens) >= count(text) + count(instructions) + 10


@given(st.lists(texts, min_size=1, max_size=4))
async def test_every_prompt_and_every_embedded_text_is_held_for(prompts: list[str]) -> None:
    tokens = [encoding("cl100k_base").encode_ordinary(prompt) for prompt in prompts]
    exact = sum(map(len, tokens))
    for endpoint, field, model in ((COMPLETIONS, "prompt", INSTRUCT), (EMBEDDINGS, "input", EMBED)):
        as_texts = await worst_of(endpoint, {field: prompts}, model)
        as_tokens = await worst_of(endpoint, {field: tokens}, model)
        assert exact <= as_texts.input_tokens <= exact + 4 * len(prompts)
        assert exact <= as_tokens.input_tokens <= exact + 4 * len(prompts)
        assert as_texts.counted_input_tokens == exact


async def test_a_small_call_is_not_held_for_much_more_than_it_costs() -> None:
    worst = await worst_of(CHAT, {"messages": [{"role": "user", "content": "Say hello. " * 100}]})
    assert worst.counted_input_tokens == count("Say hello. " * 100) + count("user") + 6
    assert worst.input_tokens < worst.counted_input_tokens + 100


@pytest.mark.parametrize(
    ("endpoint", "fields", "model", "ceiling", "choices", "explicit", "lowerable", "least"),
    [
        (CHAT, {"max_tokens": 5}, GPT_4O, 5, 1, True, False, 0),
        (CHAT, {"max_completion_tokens": 7, "max_tokens": 5}, GPT_4O, 7, 1, True, False, 0),
        (CHAT, {"max_completion_tokens": 7, "max_tokens": 9}, GPT_4O, 9, 1, True, False, 0),
        (CHAT, {"max_tokens": None}, GPT_4O, 16_384, 1, False, True, 4_096),
        (CHAT, {"n": 3}, GPT_4O, 16_384, 3, False, True, 4_096),
        (CHAT, {"n": None}, GPT_4O, 16_384, 1, False, True, 4_096),
        (CHAT, {}, GPT_5, 128_000, 1, False, True, 25_000),
        (CHAT, {}, None, 16_384, 1, False, True, 4_096),
        (RESPONSES, {"max_output_tokens": 16}, GPT_5, 16, 1, True, False, 0),
        (RESPONSES, {}, GPT_5, 128_000, 1, False, True, 25_000),
        (COMPLETIONS, {}, INSTRUCT, 16, 1, False, False, 0),
        (COMPLETIONS, {"max_tokens": None}, INSTRUCT, 4_096, 1, False, True, 4_096),
        (COMPLETIONS, {"max_tokens": 0, "echo": True}, INSTRUCT, 0, 1, True, False, 0),
        (COMPLETIONS, {"n": 2, "best_of": 5}, INSTRUCT, 16, 5, False, False, 0),
        (COMPLETIONS, {"n": 2, "prompt": ["a", "b", "c"]}, INSTRUCT, 16, 6, False, False, 0),
        (COMPLETIONS, {"prompt": [[1, 2], [3]], "best_of": 2}, INSTRUCT, 16, 4, False, False, 0),
        (COMPLETIONS, {"prompt": []}, INSTRUCT, 16, 1, False, False, 0),
        (EMBEDDINGS, {"input": ["a", "b"]}, EMBED, 0, 1, False, False, 0),
    ],
)
async def test_output_ceilings(
    endpoint: Endpoint,
    fields: dict[str, Any],
    model: Model | None,
    ceiling: int,
    choices: int,
    explicit: bool,
    lowerable: bool,
    least: int,
) -> None:
    worst = await worst_of(endpoint, {**HI, **fields} if endpoint is CHAT else fields, model)
    assert (worst.output_ceiling, worst.choices) == (ceiling, choices)
    assert (worst.explicit, worst.lowerable) == (explicit, lowerable)
    assert worst.min_output_tokens == least


@pytest.mark.parametrize(
    ("endpoint", "fields", "param"),
    [
        (endpoint, {field: value}, field)
        for endpoint, field in [
            (CHAT, "max_tokens"),
            (CHAT, "max_completion_tokens"),
            (CHAT, "n"),
            (RESPONSES, "max_output_tokens"),
            (RESPONSES, "max_tool_calls"),
            (COMPLETIONS, "max_tokens"),
            (COMPLETIONS, "n"),
            (COMPLETIONS, "best_of"),
        ]
        for value in (-1, 10**12, 10**30, 1.0, 1.5, True, "5", [1], {})
    ]
    + [
        (CHAT, {"max_tokens": 0}, "max_tokens"),
        (CHAT, {"n": 0}, "n"),
        (CHAT, {"n": 129}, "n"),
        (CHAT, {"service_tier": 1}, "service_tier"),
        (RESPONSES, {"tools": {}}, "tools"),
        (RESPONSES, {"tools": [1]}, "tools"),
        (RESPONSES, {"tools": [{"type": "image_generation"}]}, "tools"),
        (RESPONSES, {"background": True}, "background"),
        (RESPONSES, {"previous_response_id": 5}, "previous_response_id"),
        (COMPLETIONS, {"prompt": {"a": 1}}, "prompt"),
        (COMPLETIONS, {"prompt": ["a", 1]}, "prompt"),
        (EMBEDDINGS, {"input": [True]}, "input"),
        (EMBEDDINGS, {"input": [[1, "a"]]}, "input"),
    ],
)
async def test_what_is_absurd_is_refused_by_name(
    endpoint: Endpoint, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadBody) as caught:
        await worst_of(endpoint, {**HI, **fields} if endpoint is CHAT else fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("tier", "tiers"),
    [
        (None, ("default", "priority")),
        ("auto", ("default", "priority")),
        ("default", ("default",)),
        ("flex", ("default", "flex")),
        ("priority", ("default", "priority")),
        ("ultrafast", ("default", "ultrafast")),
    ],
)
async def test_every_tier_that_could_apply_is_held_for(
    tier: str | None, tiers: tuple[str, ...]
) -> None:
    fields = {**HI} if tier is None else {**HI, "service_tier": tier}
    assert (await worst_of(CHAT, fields)).tiers == tiers


def chat_parts(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 50_000}}


@pytest.mark.parametrize(
    ("endpoint", "fields", "images"),
    [
        (CHAT, chat_parts(PICTURE), 1445),
        (CHAT, chat_parts(PICTURE, PICTURE), 2890),
        (CHAT, chat_parts({"type": "image_url", "image_url": {"url": "https://a/b"}}), 1445),
        (
            CHAT,
            chat_parts({"type": "image_url", "image_url": {"url": "x", "detail": "low"}}),
            85,
        ),
        (
            RESPONSES,
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
            1445,
        ),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "function_call_output",
                        "call_id": "c",
                        "output": [{"type": "input_image", "file_id": "f", "detail": "low"}],
                    }
                ]
            },
            85,
        ),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "computer_call_output",
                        "output": {"type": "computer_screenshot", "image_url": "data:..."},
                    }
                ]
            },
            1445,
        ),
    ],
)
async def test_images_are_bounded_by_their_documentation_and_not_read_as_text(
    endpoint: Endpoint, fields: dict[str, Any], images: int
) -> None:
    worst = await worst_of(endpoint, fields)
    assert worst.image_input_tokens == images
    assert images < worst.input_tokens < images + 150


AUDIO = {"type": "input_audio", "input_audio": {"data": "QUJD" * 1000, "format": "wav"}}
UNSEEN = [
    (CHAT, chat_parts(AUDIO)),
    (CHAT, chat_parts({"type": "file", "file": {"file_id": "file-1"}})),
    (CHAT, chat_parts({"type": "file", "file": {"file_data": "QUJD" * 1000}})),
    (CHAT, {**HI, "web_search_options": {}}),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    (RESPONSES, {"input": [{"content": [{"type": "input_file", "file_url": "https://a"}]}]}),
    (RESPONSES, {"input": "a", "previous_response_id": "resp_unknown"}),
    (RESPONSES, {"input": "a", "conversation": "conv_1"}),
]


@pytest.mark.parametrize(("endpoint", "fields"), UNSEEN)
async def test_what_cannot_be_seen_is_held_for_as_the_context_window(
    endpoint: Endpoint, fields: dict[str, Any]
) -> None:
    worst = await worst_of(endpoint, fields)
    assert worst.input_tokens == worst.counted_input_tokens == 128_000


@pytest.mark.parametrize(
    ("endpoint", "fields"), [*UNSEEN, (RESPONSES, {"tools": [{"type": "web_search"}]})]
)
async def test_what_cannot_be_seen_is_refused_for_a_model_that_nobody_knows(
    endpoint: Endpoint, fields: dict[str, Any]
) -> None:
    with pytest.raises(BadBody, match="only text can be bounded"):
        await worst_of(endpoint, fields, model=None)


async def test_an_image_for_an_unknown_model_is_refused_and_text_is_not() -> None:
    with pytest.raises(BadBody, match="leave out 'image'"):
        await worst_of(CHAT, chat_parts(PICTURE), model=None)
    assert (await worst_of(CHAT, HI, model=None)).input_tokens > 0


async def test_audio_is_held_for_at_its_own_price() -> None:
    worst = await worst_of(CHAT, {**chat_parts(AUDIO), "modalities": ["text", "audio"]})
    assert worst.audio_input_tokens == 128_000
    assert worst.audio_output


async def test_a_continued_response_brings_its_tokens_along() -> None:
    bare = await worst_of(RESPONSES, {"input": "and then?"})
    more = await worst_of(RESPONSES, {"input": "and then?", "previous_response_id": "resp_known"})
    assert more.input_tokens == bare.input_tokens + 1_234


async def test_reasoning_that_is_handed_back_counts_by_its_bytes() -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA" * 1000}
    assert (await worst_of(RESPONSES, {"input": [item]})).input_tokens > 4_000


@pytest.mark.parametrize(
    ("tools", "max_calls", "rounds_of", "fees"),
    [
        (["function"], None, (0, 0), (0, 0, 0)),
        (["web_search"], 2, (2, 128_000), (2, 0, 0)),
        (["web_search_preview_2025_03_11"], None, (16, 128_000), (16, 0, 0)),
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


async def test_a_rejected_prediction_is_billed_beside_the_answer() -> None:
    prediction = {"type": "content", "content": "word " * 500}
    worst = await worst_of(CHAT, {**HI, "max_tokens": 100, "prediction": prediction})
    assert worst.output_ceiling >= 100 + 500
    implicit = await worst_of(CHAT, {**HI, "prediction": prediction})
    assert not implicit.lowerable
    with pytest.raises(BadBody, match="prediction"):
        await worst_of(CHAT, {**HI, "prediction": prediction}, None)


async def test_a_search_model_searches_for_every_answer() -> None:
    model = Model("gpt-4o-search-preview", "chat", 128_000, 16_384)
    assert (await worst_of(CHAT, HI, model)).web_searches == 1


@pytest.mark.parametrize(
    ("endpoint", "fields", "model", "field", "must"),
    [
        (CHAT, HI, GPT_4O, "max_completion_tokens", False),
        (CHAT, {**HI, "max_tokens": None}, GPT_4O, "max_completion_tokens", False),
        (CHAT, HI, None, "max_completion_tokens", True),
        (CHAT, {**HI, "max_tokens": None}, None, "max_tokens", True),
        (CHAT, {**HI, "max_tokens": 4}, None, "max_tokens", False),
        (RESPONSES, {"input": "a"}, GPT_5, "max_output_tokens", False),
        (RESPONSES, {"input": "a", "tools": [{"type": "mcp"}]}, GPT_5, "max_output_tokens", True),
        (RESPONSES, {"prompt": {"id": "p"}}, GPT_5, "max_output_tokens", True),
        (COMPLETIONS, {"max_tokens": None}, INSTRUCT, "max_tokens", False),
    ],
)
async def test_where_a_ceiling_is_written_and_when_it_must_be(
    endpoint: Endpoint, fields: dict[str, Any], model: Model | None, field: str, must: bool
) -> None:
    body = body_of(fields, model.name if model else "some-model")
    worst = await worst_of(endpoint, fields, model)
    assert ceiling_field(endpoint, body, model) == field
    assert must_write_ceiling(endpoint, body, model, worst) is must
    if worst.lowerable:
        assert with_ceiling(body, field, 99).fields[field] == 99


async def test_limits_of_ops_bound_how_far_a_ceiling_is_lowered() -> None:
    limits = EstimateLimits(min_output_tokens=100, min_output_tokens_reasoning=200)
    for model, least in ((GPT_4O, 100), (GPT_5, 200)):
        body = body_of(HI, model.name)
        worst = await estimate(CHAT, body, model, limits, earlier_response)
        assert worst.min_output_tokens == least


async def test_a_long_conversation_is_counted_whole() -> None:
    text = "Some words that repeat, and then some more. "
    messages = [{"role": "user", "content": text * 100} for _ in range(50)]
    worst = await worst_of(CHAT, {"messages": messages})
    assert worst.input_tokens >= billed_messages(messages)
    assert worst.input_tokens < billed_messages(messages) * 1.05
