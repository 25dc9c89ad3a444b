"""Bad requests are refused in OpenAI's shape, and cost nothing."""

from typing import Any

import httpx
import openai
import pytest

from tests.sandbox.conftest import SandboxUnderTest

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hello"}]
OTHER_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}}

BAD_CHAT: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"messages": None}, "missing_required_parameter", "messages"),
    ({"messages": []}, "empty_array", "messages"),
    ({"messages": "hello"}, "invalid_type", "messages"),
    ({"messages": ["hello"]}, "invalid_type", "messages[0]"),
    ({"messages": [{"content": "x"}]}, "missing_required_parameter", "messages[0].role"),
    ({"messages": [{"role": "bot", "content": "x"}]}, "invalid_value", "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "missing_required_parameter", "messages[0].content"),
    ({"messages": [{"role": "user", "content": 5}]}, "invalid_type", "messages[0].content"),
    (
        {"messages": [{"role": "user", "content": [{"type": "smell"}]}]},
        "invalid_value",
        "messages[0].content[0].type",
    ),
    (
        {"messages": [{"role": "tool", "content": "x"}]},
        "missing_required_parameter",
        "messages[0].tool_call_id",
    ),
    ({"messages": [{"role": "user", "content": [OTHER_IMAGE]}]}, "image_parse_error", None),
    (
        {"messages": [{"role": "user", "content": "word " * 130_000}]},
        "context_length_exceeded",
        "messages",
    ),
    ({"model": None}, None, None),
    ({"model": 5}, "invalid_type", "model"),
    ({"temperature": 3}, "decimal_above_max_value", "temperature"),
    ({"temperature": "hot"}, "invalid_type", "temperature"),
    ({"n": 0}, "integer_below_min_value", "n"),
    ({"n": 129}, "integer_above_max_value", "n"),
    ({"n": 1.5}, "invalid_type", "n"),
    ({"n": True}, "invalid_type", "n"),
    ({"max_tokens": -1}, "integer_below_min_value", "max_tokens"),
    ({"max_completion_tokens": 10**9}, "invalid_value", "max_completion_tokens"),
    ({"model": "o4-mini", "max_tokens": 5}, "unsupported_parameter", "max_tokens"),
    ({"service_tier": "gold"}, "invalid_value", "service_tier"),
    ({"reasoning_effort": "huge"}, "invalid_value", "reasoning_effort"),
    ({"stream": "yes"}, "invalid_type", "stream"),
    ({"stream_options": {"include_usage": True}}, None, "stream_options"),
    ({"stop": ["a"] * 5}, "array_above_max_length", "stop"),
    ({"colour": "red"}, "unknown_parameter", "colour"),
    ({"tools": [{"type": "function"}]}, "missing_required_parameter", "tools[0].function"),
    ({"tool_choice": "perhaps"}, "invalid_value", "tool_choice"),
    ({"response_format": {"type": "xml"}}, "invalid_value", "response_format.type"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
        "missing_required_parameter",
        "response_format.json_schema.schema",
    ),
    (
        {"prediction": {"type": "content", "content": "x"}, "n": 2},
        "unsupported_parameter",
        "prediction",
    ),
    ({"prediction": {"type": "content"}}, "missing_required_parameter", "content"),
    ({"web_search_options": {}}, "unsupported_parameter", "web_search_options"),
    ({"modalities": ["text", "audio"]}, "unsupported_parameter", "modalities"),
    ({"functions": [{}]}, "missing_required_parameter", "tools[0].function.name"),
]


@pytest.mark.parametrize(("change", "code", "param"), BAD_CHAT)
def test_bad_chat_requests(
    sandbox: SandboxUnderTest, change: dict[str, Any], code: str | None, param: str | None
) -> None:
    answer = sandbox.post(CHAT, {"model": "gpt-4o-mini", "messages": HELLO, **change})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert (error["code"], error["param"]) == (code, param)
    call = sandbox.only_call()
    assert (call["state"], call["provider_nano"], call["status"]) == ("failed", 0, 400)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"input": None}, "missing_required_parameter"),
        ({"input": 5}, "invalid_type"),
        ({"input": [{"type": "message", "role": "bot", "content": "x"}]}, "invalid_value"),
        ({"input": [{"type": "song"}]}, "invalid_value"),
        ({"max_output_tokens": 15}, "integer_below_min_value"),
        ({"reasoning": {"effort": "huge"}}, "invalid_value"),
        ({"previous_response_id": "resp_none"}, "previous_response_not_found"),
        ({"tools": [{"type": "mcp"}]}, "unsupported_parameter"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "missing_required_parameter"),
        ({"messages": HELLO}, "unknown_parameter"),
    ],
)
def test_bad_responses_requests(
    sandbox: SandboxUnderTest, change: dict[str, Any], code: str
) -> None:
    answer = sandbox.post("/v1/responses", {"model": "gpt-4.1", "input": "hello", **change})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"hello"', b"\xff", b"null"])
def test_a_body_that_is_no_json_object(sandbox: SandboxUnderTest, body: bytes) -> None:
    answer = sandbox.http.post(CHAT, content=body)
    assert answer.status_code == 400
    assert "parse the JSON body" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/nothing", 404, "unknown_url"),
        ("GET", "/", 404, "unknown_url"),
        ("PUT", CHAT, 405, "method_not_supported"),
        ("GET", "/v1/embeddings", 405, "method_not_supported"),
        ("DELETE", "/v1/models", 405, "method_not_supported"),
        ("POST", "/v1/models/gpt-4o", 405, "method_not_supported"),
        ("PUT", "/v1/responses/resp_1", 405, "method_not_supported"),
        ("GET", "/v1/responses/resp_1", 404, None),
        ("GET", "/v1/responses/resp_1/input_items", 404, None),
        ("GET", "/v1/responses/resp_1/nothing", 404, "unknown_url"),
        ("GET", "/v1/models/gpt-none", 404, "model_not_found"),
    ],
)
def test_paths_and_methods(
    sandbox: SandboxUnderTest, method: str, path: str, status: int, code: str | None
) -> None:
    answer = sandbox.http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-none", messages=HELLO)
    assert caught.value.code == "model_not_found"


def test_a_model_of_another_endpoint_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="text-embedding-3-small", messages=HELLO)


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "Bearer sk-invalid-1234567890"])
def test_a_key_is_needed(sandbox: SandboxUnderTest, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.post(f"{sandbox.url}{CHAT}", json=sandbox.chat(), headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
