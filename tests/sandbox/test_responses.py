"""The responses API, driven by the official SDK against the real process."""

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from sandbox import counting
from tests.sandbox.conftest import SandboxUnderTest

MODEL = "gpt-4.1-mini"
TOOL = {
    "type": "function",
    "name": "search",
    "parameters": {
        "type": "object",
        "properties": {"query": {"type": "string"}},
        "required": ["query"],
        "additionalProperties": False,
    },
    "strict": True,
}


def test_a_response_and_its_usage(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="hello")
    assert answer.status == "completed"
    assert answer.usage.input_tokens == 8
    assert answer.usage.output_tokens == counting.count("o200k_base", answer.output_text)


def test_a_stored_response_can_be_read_and_deleted(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="hello")
    assert client.responses.retrieve(answer.id).output_text == answer.output_text
    client.responses.delete(answer.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)


def test_nothing_is_kept_where_the_client_says_so(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="hello", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)


def test_the_events_come_in_order_and_are_numbered(client: openai.OpenAI) -> None:
    whole = client.responses.create(model="o4-mini", input="hello")
    with client.responses.create(model="o4-mini", input="hello", stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    deltas = kinds.count("response.output_text.delta")
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * deltas,
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[-1].response.usage == whole.usage
    assert events[-1].response.output_text == whole.output_text
    assert events[0].response.usage is None


def test_the_stream_helper_of_the_sdk(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="hello") as stream:
        final = stream.get_final_response()
    assert final.output_text


def test_the_wire_names_each_event(sandbox: SandboxUnderTest) -> None:
    body = {"model": MODEL, "input": "hello", "stream": True}
    text = sandbox.post("/v1/responses", body).text
    for event in text.removesuffix("\n\n").split("\n\n"):
        name, data = event.split("\n")
        kind = name.removeprefix("event: ")
        assert data.startswith(f'data: {{"type":"{kind}",')


class Verdict(BaseModel):
    label: str
    score: float


def test_parse_gets_an_instance_of_the_schema(client: openai.OpenAI) -> None:
    answer = client.responses.parse(model=MODEL, input="hello", text_format=Verdict)
    assert isinstance(answer.output_parsed, Verdict)


def test_a_function_is_called_then_answered_in_text(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="hello", tools=[TOOL])
    (call,) = first.output
    assert (call.type, call.name, call.arguments) == ("function_call", "search", '{"query":"word"}')
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "found"}
    second = client.responses.create(
        model=MODEL, input=[result], previous_response_id=first.id, tools=[TOOL]
    )
    assert second.output_text


def test_a_streamed_function_call(client: openai.OpenAI) -> None:
    with client.responses.create(model=MODEL, input="hello", tools=[TOOL], stream=True) as stream:
        events = list(stream)
    deltas = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
    assert "".join(deltas) == '{"query":"word"}'


def test_an_earlier_response_counts_as_input(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="hello")
    second = client.responses.create(model=MODEL, input="hello", previous_response_id=first.id)
    assert second.usage.input_tokens == first.usage.total_tokens + 8


def test_an_answer_cut_by_its_ceiling_is_incomplete(client: openai.OpenAI) -> None:
    answer = client.responses.create(
        model=MODEL,
        input="hello",
        max_output_tokens=16,
        extra_headers={"X-Sandbox-Output-Tokens": "50"},
    )
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.usage.output_tokens == 16


def test_a_hosted_search_is_played_and_billed(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    plain = client.responses.create(model=MODEL, input="hello")
    searched = client.responses.create(model=MODEL, input="hello", tools=[{"type": "web_search"}])
    assert [item.type for item in searched.output] == ["web_search_call", "message"]
    first, second = sandbox.calls()
    assert second["usage"]["web_searches"] == 1
    tokens = searched.usage.output_tokens - plain.usage.output_tokens
    # Token prices are 1,600 nano-dollars; the search itself is the provider's fee.
    assert second["provider_nano"] - first["provider_nano"] - tokens * 1600 == 25_000_000


def test_custom_tools_and_namespaces_are_billed_and_never_called(client: openai.OpenAI) -> None:
    """What coding agents send along; `client_metadata` with it."""
    own = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
    tools: Any = [
        {"type": "custom", "name": "apply_patch", "description": "Edits files."},
        {"type": "namespace", "name": "mail", "description": "Mail.", "tools": [own]},
    ]
    plain = client.responses.create(model="gpt-4.1", input="hello")
    told = client.responses.create(
        model="gpt-4.1", input="hello", tools=tools, extra_body={"client_metadata": {"a": "b"}}
    )
    assert [item.type for item in told.output] == ["message"]
    assert told.usage is not None
    assert plain.usage is not None
    assert told.usage.input_tokens > plain.usage.input_tokens
