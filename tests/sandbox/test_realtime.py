"""Realtime sessions by the official SDK: their events, and each response in the account."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import websockets
from openai.resources.realtime.realtime import RealtimeConnection

from tests.sandbox.conftest import SandboxUnderTest
from tests.waiting import wait_for

MODEL = "gpt-realtime"


def user(text: str) -> Any:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


def session(client: openai.OpenAI, **headers: str) -> Any:
    return client.realtime.connect(model=MODEL, extra_headers=headers)


def until(connection: RealtimeConnection, *kinds: str) -> list[Any]:
    seen = []
    while not seen or seen[-1].type not in kinds:
        seen.append(connection.recv())
    return seen


@pytest.fixture
def connection(client: openai.OpenAI) -> Iterator[RealtimeConnection]:
    with session(client, **{"X-Sandbox-Output-Tokens": "12"}) as opened:
        assert opened.recv().type == "session.created"
        yield opened


def responses_of(sandbox: SandboxUnderTest) -> list[dict[str, Any]]:
    return [one for one in sandbox.calls() if one["method"] == "RESPONSE"]


def test_text_is_answered_in_text_and_billed_once_a_response(
    connection: RealtimeConnection, sandbox: SandboxUnderTest
) -> None:
    connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
    updated = until(connection, "session.updated")[-1]
    assert updated.session.output_modalities == ["text"]
    usages = []
    for _ in range(2):
        connection.conversation.item.create(item=user("hello"))
        until(connection, "conversation.item.done")
        connection.response.create()
        events = until(connection, "response.done")
        said = "".join(one.delta for one in events if one.type == "response.output_text.delta")
        response = events[-1].response
        assert response.status == "completed"
        assert response.output[0].content[0].text == said != ""
        usages.append(response.usage)
    assert [one.output_tokens for one in usages] == [12, 12]
    assert usages[1].input_tokens > usages[0].input_tokens + 12
    calls = responses_of(sandbox)
    assert [one["total_tokens"] for one in calls] == [one.total_tokens for one in usages]
    # gpt-realtime: $4 and $16 a million text tokens.
    assert [one["provider_nano"] for one in calls] == [
        one.input_tokens * 4000 + one.output_tokens * 16000 for one in usages
    ]


def test_sound_is_answered_in_sound(
    connection: RealtimeConnection, sandbox: SandboxUnderTest
) -> None:
    connection.input_audio_buffer.append(audio=b64encode(bytes(48000)).decode())
    connection.input_audio_buffer.commit()
    until(connection, "conversation.item.done")
    connection.response.create()
    events = until(connection, "response.done")
    kinds = {one.type for one in events}
    assert {"response.output_audio.delta", "response.output_audio_transcript.done"} <= kinds
    usage = events[-1].response.usage
    assert usage.input_token_details.audio_tokens == 10
    assert usage.output_token_details.text_tokens == 4
    assert usage.output_token_details.audio_tokens == 8
    (call,) = responses_of(sandbox)
    text = usage.input_token_details.text_tokens
    assert call["provider_nano"] == text * 4000 + 10 * 32000 + 4 * 16000 + 8 * 64000


def test_a_function_is_called_where_it_is_required(connection: RealtimeConnection) -> None:
    tool: Any = {"type": "function", "name": "look", "parameters": {"type": "object"}}
    connection.conversation.item.create(item=user("look"))
    connection.response.create(response={"tools": [tool], "tool_choice": "required"})
    (item,) = until(connection, "response.done")[-1].response.output
    assert (item.type, item.name, item.arguments) == ("function_call", "look", "{}")
    connection.conversation.item.create(
        item={"type": "function_call_output", "call_id": item.call_id, "output": "seen"}
    )
    connection.response.create(response={"output_modalities": ["text"]})
    assert until(connection, "response.done")[-1].response.status == "completed"


def test_a_response_is_cancelled_and_billed_as_far_as_it_came(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    orders = {"X-Sandbox-Output-Tokens": "3000", "X-Sandbox-Event-Delay-Ms": "5"}
    with session(client, **orders) as connection:
        connection.conversation.item.create(item=user("hello"))
        connection.response.create()
        until(connection, "response.output_audio.delta")
        connection.response.create()
        refusal = until(connection, "error")[-1]
        assert refusal.error.code == "conversation_already_has_active_response"
        connection.response.cancel()
        response = until(connection, "response.done")[-1].response
    assert (response.status, response.status_details.reason) == ("cancelled", "client_cancelled")
    (call,) = responses_of(sandbox)
    assert call["total_tokens"] == response.usage.total_tokens
    assert 0 < response.usage.output_tokens < 3000


def test_a_client_that_leaves_pays_for_what_was_made(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    orders = {"X-Sandbox-Output-Tokens": "3000", "X-Sandbox-Event-Delay-Ms": "5"}
    with session(client, **orders) as connection:
        connection.conversation.item.create(item=user("hello"))
        connection.response.create()
        until(connection, "response.output_audio.delta")
    wait_for(lambda: sandbox.account()["open"] == 0, "the end of the session")
    (call,) = responses_of(sandbox)
    assert call["state"] == "client_gone"
    assert 0 < call["usage"]["output_tokens"] < call["planned_usage"]["output_tokens"]


def test_a_connection_can_be_cut(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    with session(client, **{"X-Sandbox-Fault": "cut=6"}) as connection:
        connection.conversation.item.create(item=user("hello"))
        connection.response.create()
        with pytest.raises(websockets.ConnectionClosedError):
            until(connection, "response.done")
    wait_for(lambda: sandbox.account()["states"]["cut"] == 1, "the cut")


def test_what_is_wrong_is_said_and_the_session_goes_on(connection: RealtimeConnection) -> None:
    connection.send_raw("{rubbish")
    assert until(connection, "error")[-1].error.type == "invalid_request_error"
    wrong: Any = {"type": "message", "role": "nobody", "content": []}
    connection.conversation.item.create(item=wrong, event_id="mine")
    error = until(connection, "error")[-1].error
    assert (error.param, error.event_id) == ("item.role", "mine")
    connection.input_audio_buffer.commit()
    assert until(connection, "error")[-1].error.code == "input_audio_buffer_commit_empty"
    connection.conversation.item.delete(item_id="item_none")
    assert until(connection, "error")[-1].error.code == "item_not_found"
    connection.response.create(response={"output_modalities": ["text"]})
    assert until(connection, "response.done")[-1].response.status == "completed"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/realtime?model=gpt-realtime", {}, 401),
        ("/v1/realtime", {"Authorization": "Bearer test"}, 400),
        ("/v1/realtime?model=gpt-none", {"Authorization": "Bearer test"}, 404),
        ("/v1/realtime?model=gpt-4o", {"Authorization": "Bearer test"}, 404),
        ("/v1/nothing", {"Authorization": "Bearer test"}, 404),
    ],
)
async def test_a_bad_handshake_is_refused(
    sandbox: SandboxUnderTest, path: str, headers: dict[str, str], status: int
) -> None:
    url = sandbox.url.replace("http", "ws", 1) + path
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url, additional_headers=headers)
    assert refused.value.response.status_code == status
    assert b'"error"' in refused.value.response.body
