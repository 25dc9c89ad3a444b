"""Chat completions, driven by the official SDK against the real process."""

import openai
import pytest
from pydantic import BaseModel

from sandbox import counting
from tests.sandbox.conftest import SandboxUnderTest

HELLO = [{"role": "user", "content": "hello"}]
MODEL = "gpt-4o-mini"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_usage_is_what_tiktoken_counts(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.usage is not None
    # 3 a message, its role, its content, 3 for the reply: OpenAI's cookbook.
    assert answer.usage.prompt_tokens == 3 + 1 + 1 + 3
    text = answer.choices[0].message.content or ""
    assert answer.usage.completion_tokens == counting.count("o200k_base", text)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.choices[0].finish_reason == "stop"


def test_a_stream_says_the_same_as_the_whole_answer(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=HELLO, n=2)
    texts = ["", ""]
    usages = []
    options = {"include_usage": True}
    with client.chat.completions.create(
        model=MODEL, messages=HELLO, n=2, stream=True, stream_options=options
    ) as stream:
        for chunk in stream:
            if chunk.usage is not None:
                assert chunk.choices == []
                usages.append(chunk.usage)
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
    assert texts == [choice.message.content for choice in whole.choices]
    assert usages == [whole.usage]


@pytest.mark.parametrize("asked", [True, False, None])
def test_the_wire_carries_usage_only_where_it_was_asked_for(
    sandbox: SandboxUnderTest, asked: bool | None
) -> None:
    options = None if asked is None else {"include_usage": asked}
    body = sandbox.chat(stream=True, stream_options=options)
    answer = sandbox.post("/v1/chat/completions", body)
    events = answer.text.split("\n\n")
    assert events.pop() == ""
    assert events[-1] == "data: [DONE]"
    assert all(event.startswith("data: ") for event in events)
    with_usage = [event for event in events if '"usage":{' in event]
    assert len(with_usage) == (1 if asked else 0)
    nulls = [event for event in events if '"usage":null' in event]
    assert len(nulls) == (len(events) - 2 if asked else 0)
    if asked:
        assert with_usage == [events[-2]]


async def test_the_asynchronous_client(sandbox: SandboxUnderTest) -> None:
    async with openai.AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test") as client:
        whole = await client.chat.completions.create(model=MODEL, messages=HELLO)
        stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        text = ""
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    assert text == whole.choices[0].message.content


def test_a_raw_response_carries_the_headers_of_openai(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.parse().id.startswith("chatcmpl-")
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0
    assert raw.headers["openai-version"] == "2020-10-01"
    assert int(raw.headers["x-ratelimit-remaining-requests"]) > 0


class Step(BaseModel):
    title: str
    minutes: int


class Plan(BaseModel):
    steps: list[Step]
    best: Step | None
    confident: bool


def test_parse_gets_an_instance_of_the_schema(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Plan)
    assert isinstance(answer.choices[0].message.parsed, Plan)


def test_a_tool_is_called_then_answered_in_text(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model=MODEL, messages=HELLO, tools=[TOOL])
    (call,) = first.choices[0].message.tool_calls or []
    assert first.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather"
    assert call.function.arguments == '{"city":"word","days":1}'
    turn = [
        *HELLO,
        first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    second = client.chat.completions.create(model=MODEL, messages=turn, tools=[TOOL])
    assert second.choices[0].message.tool_calls is None
    assert second.choices[0].message.content
    assert second.usage.prompt_tokens > first.usage.prompt_tokens


def test_a_streamed_tool_call_joins_to_the_whole_one(client: openai.OpenAI) -> None:
    arguments, names = "", []
    with client.chat.completions.create(
        model=MODEL, messages=HELLO, tools=[TOOL], stream=True
    ) as stream:
        for chunk in stream:
            for call in chunk.choices[0].delta.tool_calls or []:
                names += [call.function.name] if call.function.name else []
                arguments += call.function.arguments or ""
    assert names == ["get_weather"]
    assert arguments == '{"city":"word","days":1}'


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_ceiling_is_kept(client: openai.OpenAI, field: str) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=HELLO, n=3, **{field: 5})
    assert [choice.finish_reason for choice in answer.choices] == ["length"] * 3
    assert answer.usage.completion_tokens == 15


def test_the_text_ends_before_a_stop_sequence(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=HELLO, stop=["."])
    text = answer.choices[0].message.content
    assert "." not in text
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == counting.count("o200k_base", text)


def test_the_same_seed_gives_the_same_text(client: openai.OpenAI) -> None:
    def text(seed: int) -> str | None:
        answer = client.chat.completions.create(model=MODEL, messages=HELLO, seed=seed)
        return answer.choices[0].message.content

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_the_tier_is_echoed_and_priced(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    for tier in ("auto", "priority"):
        client.chat.completions.create(model=MODEL, messages=HELLO, service_tier=tier)
    plain, dear = sandbox.calls()
    assert (plain["tier"], dear["tier"]) == ("default", "priority")
    assert dear["provider_nano"] > plain["provider_nano"]


def test_a_reasoning_model_thinks_by_effort(client: openai.OpenAI) -> None:
    def thought(effort: str) -> int:
        answer = client.chat.completions.create(
            model="o4-mini", messages=HELLO, reasoning_effort=effort
        )
        return answer.usage.completion_tokens_details.reasoning_tokens

    low, high = thought("low"), thought("high")
    assert 0 < low < high
    assert low % 64 == high % 64 == 0


def test_reasoning_can_use_up_the_whole_ceiling(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="o4-mini", messages=HELLO, reasoning_effort="high", max_completion_tokens=100
    )
    assert answer.choices[0].message.content == ""
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 100
    assert answer.usage.completion_tokens_details.reasoning_tokens == 100


def test_a_long_prefix_is_cached_when_it_comes_again(client: openai.OpenAI) -> None:
    system = {"role": "system", "content": "cached words " * 1000}

    def cached(last: str) -> int:
        answer = client.chat.completions.create(
            model=MODEL, messages=[system, {"role": "user", "content": last}]
        )
        return answer.usage.prompt_tokens_details.cached_tokens

    assert cached("first") == 0
    second = cached("second")
    assert second >= 1024
    assert second % 128 == 0


def test_an_image_costs_tokens_by_its_size(client: openai.OpenAI) -> None:
    def tokens(detail: str) -> int:
        parts = [
            {"type": "text", "text": "hello"},
            {"type": "image_url", "image_url": {"url": PIXEL, "detail": detail}},
        ]
        answer = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": parts}]
        )
        return answer.usage.prompt_tokens

    assert tokens("low") == 8 + 85
    assert tokens("high") == 8 + 85 + 170


def test_logprobs_stand_beside_every_token(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=HELLO, logprobs=True, top_logprobs=3
    )
    entries = answer.choices[0].logprobs.content
    assert "".join(one.token for one in entries) == answer.choices[0].message.content
    assert all(one.logprob < 0 and len(one.top_logprobs) == 3 for one in entries)


def test_a_length_can_be_ordered(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=HELLO, extra_headers={"X-Sandbox-Output-Tokens": "777"}
    )
    assert answer.usage.completion_tokens == 777


def test_a_prediction_that_fails_is_billed_as_output(client: openai.OpenAI) -> None:
    plain = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    guessed = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, prediction={"type": "content", "content": "never said"}
    )
    assert guessed.usage.completion_tokens_details.rejected_prediction_tokens == 2
    assert guessed.usage.completion_tokens == plain.usage.completion_tokens + 2


def test_a_search_model_is_billed_a_search_an_answer(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    model = "gpt-4o-mini-search-preview"
    answer = client.chat.completions.create(model=model, messages=HELLO, web_search_options={})
    call = sandbox.only_call()
    assert call["usage"]["web_searches"] == 1
    tokens_nano = 8 * 150 + answer.usage.completion_tokens * 600
    assert call["provider_nano"] == tokens_nano + 25_000_000
