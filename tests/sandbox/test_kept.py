"""What clients keep and find again, by the official SDK; and what the sandbox does not play."""

from typing import Any

import openai
import pytest

from tests.sandbox.conftest import SandboxUnderTest
from tests.waiting import wait_for

HELLO: Any = [{"role": "user", "content": "hello"}]


def test_a_stored_chat_is_found_changed_and_deleted(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(
        model="gpt-4o-mini", messages=HELLO, store=True, metadata={"team": "a"}
    )
    found = client.chat.completions.retrieve(made.id)
    assert (found.choices, found.usage) == (made.choices, made.usage)
    listed = client.chat.completions.list(metadata={"team": "a"}, model=made.model)
    assert made.id in [one.id for one in listed]
    assert not list(client.chat.completions.list(metadata={"team": "none"}))
    client.chat.completions.update(made.id, metadata={"team": "b"})
    (message,) = client.chat.completions.messages.list(made.id)
    assert message.content == "hello"
    assert client.chat.completions.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve(made.id)


def test_a_stream_is_stored_whole_and_one_without_store_is_not(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, store=True, stream=True)
    )
    said = "".join(one.choices[0].delta.content or "" for one in chunks)
    found = client.chat.completions.retrieve(chunks[0].id)
    assert found.choices[0].message.content == said
    made = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve(made.id)


def test_the_input_of_a_response_is_listed(client: openai.OpenAI) -> None:
    made = client.responses.create(model="gpt-4o-mini", input="hello")
    (item,) = client.responses.input_items.list(made.id)
    assert item.type == "message"
    assert item.content[0].text == "hello"  # type: ignore[union-attr]


def test_input_tokens_are_those_that_a_response_would_use(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    made = client.responses.create(model="gpt-4o", input="hello there", instructions="be kind")
    counted = client.responses.input_tokens.count(
        model="gpt-4o", input="hello there", instructions="be kind"
    )
    assert made.usage is not None
    assert counted.input_tokens == made.usage.input_tokens
    assert sandbox.account()["total_tokens"] == made.usage.total_tokens


def test_a_conversation_is_compacted_and_gone_on_from(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    said: Any = [{"role": "user", "content": "hello " * 200}]
    short = client.responses.compact(model="gpt-4o-mini", input=said)
    assert [one.type for one in short.output] == ["message", "compaction"]
    call = sandbox.only_call()
    assert call["total_tokens"] == short.usage.total_tokens
    assert call["provider_nano"] == (
        short.usage.input_tokens * 150 + short.usage.output_tokens * 600
    )
    item: Any = short.output[1].model_dump(exclude_none=True)
    following = client.responses.create(model="gpt-4o-mini", input=[item, *HELLO])
    assert following.usage is not None
    assert following.usage.input_tokens > short.usage.output_tokens


def test_responses_share_a_conversation(client: openai.OpenAI) -> None:
    conversation = client.conversations.create(items=HELLO, metadata={"a": "b"})
    assert len(list(client.conversations.items.list(conversation.id))) == 1
    alone = client.responses.create(model="gpt-4o-mini", input="more")
    made = client.responses.create(model="gpt-4o-mini", input="more", conversation=conversation.id)
    assert made.conversation is not None
    assert made.conversation.id == conversation.id
    assert made.usage is not None
    assert alone.usage is not None
    assert made.usage.input_tokens > alone.usage.input_tokens
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert len(items) == 3
    name: Any = items[0].id
    assert client.conversations.items.retrieve(name, conversation_id=conversation.id)
    client.conversations.items.delete(name, conversation_id=conversation.id)
    client.conversations.items.create(conversation.id, items=HELLO)
    client.conversations.update(conversation.id, metadata={"c": "d"})
    assert client.conversations.retrieve(conversation.id).metadata == {"c": "d"}
    with pytest.raises(openai.BadRequestError, match="exclusive"):
        client.responses.create(
            model="gpt-4o-mini",
            input="x",
            conversation=conversation.id,
            previous_response_id=made.id,
        )
    assert client.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="gpt-4o-mini", input="x", conversation=conversation.id)


def test_texts_are_judged_for_nothing(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    results = client.moderations.create(input=["be kind", "kill them"]).results
    assert [one.flagged for one in results] == [False, True]
    assert results[1].categories.violence
    assert sandbox.only_call()["provider_nano"] == 0


def test_a_vector_store_finds_its_files(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    files = [
        client.files.create(file=(name, text), purpose="assistants").id
        for name, text in (("a.txt", b"red dogs"), ("b.txt", b"blue cats"))
    ]
    store = client.vector_stores.create(name="pets", file_ids=files[:1])
    batch = client.vector_stores.file_batches.create(store.id, file_ids=files[1:])
    assert batch.status == "completed"
    counted = client.vector_stores.retrieve(store.id)
    assert (counted.file_counts.total, counted.usage_bytes) == (2, 17)
    best = next(iter(client.vector_stores.search(store.id, query="blue cats")))
    assert (best.file_id, best.score) == (files[1], 1.0)
    # 2.50 USD for a thousand searches, and nothing for the rest.
    assert sandbox.account()["provider_nano"] == 2_500_000
    client.vector_stores.files.delete(files[0], vector_store_id=store.id)
    assert [one.id for one in client.vector_stores.files.list(store.id)] == files[1:]
    assert client.vector_stores.update(store.id, name="cats").name == "cats"
    assert client.vector_stores.delete(store.id).deleted


def test_a_container_costs_a_code_session(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    container = client.containers.create(name="box")
    file = client.containers.files.create(container.id, file=("a.txt", b"hello"))
    found = client.containers.files.content.retrieve(file.id, container_id=container.id)
    assert found.content == b"hello"
    assert [one.id for one in client.containers.files.list(container.id)] == [file.id]
    client.containers.files.delete(file.id, container_id=container.id)
    client.containers.delete(container.id)
    account = sandbox.account()
    assert account["usage"]["code_sessions"] == 1
    assert account["provider_nano"] == sandbox.calls()[0]["provider_nano"] == 30_000_000


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_video_is_billed_by_the_second_once_it_is_done(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    made = client.videos.create(model="sora-2", prompt="a dog", seconds="8")
    assert (made.status, sandbox.account()["provider_nano"]) == ("queued", 0)
    wait_for(lambda: client.videos.retrieve(made.id).status == "completed", "the video")
    assert client.videos.download_content(made.id).content[4:8] == b"ftyp"
    assert sandbox.account()["provider_nano"] == 8 * 100_000_000
    with pytest.raises(openai.BadRequestError, match="720x1280"):
        client.videos.create(model="sora-2", prompt="a dog", size="1024x1792")
    assert client.videos.delete(made.id).deleted


def test_what_is_not_played_says_so(client: openai.OpenAI) -> None:
    assert list(client.fine_tuning.jobs.list()) == []
    with pytest.raises(openai.BadRequestError, match="does not play"):
        client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file="file-1")
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.retrieve("ftjob-1")
    source: Any = {"type": "custom", "item_schema": {}}
    made = client.evals.create(data_source_config=source, testing_criteria=[], name="e")
    assert made.id in [one.id for one in client.evals.list()]
    with pytest.raises(openai.BadRequestError, match="does not play"):
        client.evals.runs.create(made.id, data_source={"type": "jsonl"})  # type: ignore[arg-type]
    assert client.evals.delete(made.id).deleted
    secret = client.realtime.client_secrets.create(session={"type": "realtime"})
    assert secret.value.startswith("ek_")
