"""Responses in the background: they are billed when they are done, once."""

from typing import Any

import openai
import pytest

from tests.sandbox.conftest import SandboxUnderTest
from tests.waiting import wait_for

LATE = {"X-Sandbox-Late-Ms": "100", "X-Sandbox-Output-Tokens": "20"}
LONG = {"X-Sandbox-Late-Ms": "60000", "X-Sandbox-Output-Tokens": "20"}


def ordered(client: openai.OpenAI, headers: dict[str, str], **more: Any) -> Any:
    return client.responses.create(
        model="gpt-4o-mini", input="hello", background=True, extra_headers=headers, **more
    )


def test_it_is_queued_then_done_and_a_retrieval_costs_nothing(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    created = ordered(client, LATE)
    assert (created.status, created.output, created.usage) == ("queued", [], None)
    seen = set()

    def done() -> bool:
        seen.add(client.responses.retrieve(created.id).status)
        return "completed" in seen

    wait_for(done, "the response's end")
    found = client.responses.retrieve(created.id)
    assert found.usage is not None
    assert found.usage.output_tokens == 20
    call = sandbox.calls()[0]
    assert call["total_tokens"] == found.usage.total_tokens
    assert sandbox.account()["total_tokens"] == found.usage.total_tokens
    following = client.responses.create(
        model="gpt-4o-mini", input="more", previous_response_id=created.id
    )
    assert following.usage is not None
    assert following.usage.input_tokens > found.usage.total_tokens
    assert client.responses.cancel(created.id).status == "completed"


def test_one_that_is_cancelled_while_it_waits_costs_nothing(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    created = ordered(client, LONG)
    cancelled = client.responses.cancel(created.id)
    assert (cancelled.status, cancelled.usage) == ("cancelled", None)
    assert client.responses.retrieve(created.id).status == "cancelled"
    assert sandbox.account()["provider_nano"] == 0


def test_one_that_is_cancelled_on_the_way_costs_what_was_written(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    created = ordered(client, {**LONG, "X-Sandbox-Late-Ms": "2000"})
    wait_for(
        lambda: client.responses.retrieve(created.id).status == "in_progress", "its beginning", 10
    )
    cancelled = client.responses.cancel(created.id)
    assert cancelled.usage is not None
    assert cancelled.usage.output_tokens < 20
    assert sandbox.account()["total_tokens"] == cancelled.usage.total_tokens > 0


def test_its_events_can_be_streamed_and_streamed_again(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    events = list(ordered(client, LATE, stream=True))
    assert [one.type for one in events[:3]] == [
        "response.created",
        "response.queued",
        "response.in_progress",
    ]
    name = events[-1].response.id
    again = list(client.responses.retrieve(name, stream=True, starting_after=4))
    assert [one.sequence_number for one in again] == [one.sequence_number for one in events[5:]]
    assert sandbox.account()["total_tokens"] == events[-1].response.usage.total_tokens


def test_a_client_that_leaves_its_stream_finds_it_done(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    with ordered(client, {**LATE, "X-Sandbox-Event-Delay-Ms": "50"}, stream=True) as stream:
        name = next(iter(stream)).response.id
    wait_for(
        lambda: client.responses.retrieve(name).status == "completed", "the response's end", 10
    )
    usage = client.responses.retrieve(name).usage
    assert usage is not None
    wait_for(lambda: sandbox.account()["total_tokens"] == usage.total_tokens, "its bill")


def test_what_cannot_run_in_the_background_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="store"):
        ordered(client, LATE, store=False)
    plain = client.responses.create(model="gpt-4o-mini", input="hello")
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(plain.id)
    with pytest.raises(openai.BadRequestError, match="background"):
        list(client.responses.retrieve(plain.id, stream=True))
