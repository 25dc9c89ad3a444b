"""openai-python, unmodified, through Purser."""

from collections.abc import Iterator

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.clients.conftest import MODEL, Stack

MESSAGES = [{"role": "user", "content": "Three titles for a spring sale."}]


class Title(BaseModel):
    title: str


@pytest.fixture
def environment(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def client(environment: None) -> Iterator[OpenAI]:
    with OpenAI() as made:
        yield made


def client_of(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, agent: str = "CONTENT", campaign: str = ""
) -> OpenAI:
    for name, value in stack.environment(agent, campaign or None).items():
        monkeypatch.setenv(name, value)
    return OpenAI()


def test_a_chat_completion_is_answered(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0


async def test_the_async_client_is_answered(environment: None) -> None:
    async with AsyncOpenAI() as client:
        answer = await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        assert answer.choices[0].message.content
        stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        assert [chunk async for chunk in stream]


def test_a_raw_response_tells_what_the_call_cost(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
    assert float(raw.headers["X-Purser-Cost-USD"]) > 0
    assert float(raw.headers["X-Purser-Budget-Remaining-USD"]) > 0
    assert raw.headers["X-Purser-Request-Id"]
    usage = raw.parse().usage
    assert usage is not None
    # The rate card: CONTENT costs 0.04 USD for 1,000 tokens.
    assert float(raw.headers["X-Purser-Cost-USD"]) == pytest.approx(usage.total_tokens * 0.00004)


def test_a_parsed_answer_has_its_type(client: OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=MESSAGES, response_format=Title)
    assert isinstance(answer.choices[0].message.parsed, Title)


def test_several_choices_are_all_answered(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, n=3, max_tokens=20)
    assert len(answer.choices) == 3


def test_a_stream_without_usage_asked_for_has_no_usage_chunk(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_a_stream_with_usage_asked_for_has_exactly_one_usage_chunk(client: OpenAI) -> None:
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True, stream_options=options
        )
    )
    assert [bool(chunk.usage) for chunk in chunks].count(True) == 1
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []


def test_both_kinds_of_stream_are_charged_the_same(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []
    for options in ({}, {"stream_options": {"include_usage": True}}):
        campaign = stack.new_campaign()
        with client_of(stack, monkeypatch, campaign=campaign) as client:
            list(
                client.chat.completions.create(
                    model=MODEL, messages=MESSAGES, stream=True, **options
                )
            )
        left.append(stack.remaining_usd(campaign))
    assert left[0] == left[1]
    assert left[0] != stack.remaining_usd(stack.new_campaign())


def test_a_response_is_answered(client: OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="Three titles for a spring sale.")
    assert answer.output_text
    assert answer.usage is not None


def test_a_response_goes_on_from_an_earlier_one(client: OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="Three titles for a spring sale.")
    second = client.responses.create(
        model=MODEL, input="Shorter ones.", previous_response_id=first.id
    )
    assert second.output_text


def test_a_response_stream_ends_with_its_usage(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="Three titles for a spring sale.") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert "response.output_text.delta" in kinds
    assert kinds[-1] == "response.completed"
    assert final.usage is not None


def test_completions_embeddings_and_models_are_answered(client: OpenAI) -> None:
    text = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Spring is")
    assert text.choices[0].text
    vectors = client.embeddings.create(model="text-embedding-3-small", input=["spring", "sale"])
    assert len(vectors.data) == 2
    assert MODEL in {model.id for model in client.models.list()}
    assert client.models.retrieve(MODEL).id == MODEL


@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_call_raises_a_rate_limit_error_and_is_sent_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    with client_of(stack, monkeypatch, agent="SEO") as client:
        before = stack.requests()
        with pytest.raises(openai.RateLimitError, match="no-seo-today") as refused:
            client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)
        assert stack.requests() == before + 1
    assert refused.value.code == "insufficient_quota"
    assert refused.value.response.headers["X-Purser-Refusal"] == "budget_exceeded"


def test_a_refused_response_raises_a_rate_limit_error_and_is_sent_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client_of(stack, monkeypatch, agent="SEO") as client:
        before = stack.requests()
        with pytest.raises(openai.RateLimitError, match="no-seo-today"):
            client.responses.create(model=MODEL, input="Three titles.")
        assert stack.requests() == before + 1


def test_an_unknown_agent_type_is_a_bad_request(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        client_of(stack, monkeypatch, agent="GARDENER") as client,
        pytest.raises(openai.BadRequestError, match=r"(?i)x-agent-type"),
    ):
        client.chat.completions.create(model=MODEL, messages=MESSAGES)
