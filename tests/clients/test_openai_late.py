"""openai-python's late work through Purser: batches, background responses, realtime sessions."""

import time
from collections.abc import Callable, Iterator

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.clients.conftest import MODEL, Stack

SECONDS = 20.0


@pytest.fixture
def campaign(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> str:
    """A campaign of this test's own, in the environment of the client."""
    name = stack.new_campaign()
    for variable, value in stack.environment(campaign=name).items():
        monkeypatch.setenv(variable, value)
    return name


@pytest.fixture
def client(campaign: str) -> Iterator[OpenAI]:
    with OpenAI() as made:
        yield made


def until(condition: Callable[[], bool]) -> None:
    """Ask until it is so; raises after a bounded time."""
    ends = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < ends


def test_a_background_response_is_polled_to_its_end_and_charged_once(
    stack: Stack, client: OpenAI, campaign: str
) -> None:
    before = stack.remaining_usd(campaign)
    answer = client.responses.create(
        model=MODEL, input="A haiku.", background=True, max_output_tokens=50
    )
    until(lambda: client.responses.retrieve(answer.id).status not in ("queued", "in_progress"))
    once = stack.remaining_usd(campaign)
    client.responses.retrieve(answer.id)
    usage = client.responses.retrieve(answer.id).usage
    assert usage is not None
    again = stack.remaining_usd(campaign)
    # Between two readings stands what a reading costs: the same each time.
    reading = float(once) - float(again)
    spent = float(before) - float(once) - reading
    assert spent == pytest.approx(usage.total_tokens * 0.00004, abs=1e-9)


async def test_a_realtime_session_answers_and_is_charged(stack: Stack, campaign: str) -> None:
    async with (
        AsyncOpenAI() as client,
        client.realtime.connect(model="gpt-realtime") as session,
    ):
        await session.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await session.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hello"}],
            }
        )
        await session.response.create()
        async for event in session:
            assert event.type != "error", event
            if event.type == "response.done":
                break
    assert event.response.usage is not None
    assert event.response.usage.total_tokens
