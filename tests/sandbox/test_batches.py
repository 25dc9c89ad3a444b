"""Batches by the official SDK: their life, their files, their price."""

import json
from typing import Any

import openai
import pytest

from tests.sandbox.conftest import SandboxUnderTest
from tests.waiting import wait_for

CHAT = "/v1/chat/completions"
OVER = ("completed", "failed", "cancelled")


def line(custom_id: str, **body: Any) -> dict[str, Any]:
    whole = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": custom_id}],
        "max_tokens": 20,
        **body,
    }
    return {"custom_id": custom_id, "method": "POST", "url": CHAT, "body": whole}


def batch_of(client: openai.OpenAI, *lines: dict[str, Any] | bytes, late_ms: int = 100) -> Any:
    raw = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines)
    file = client.files.create(file=("in.jsonl", raw), purpose="batch")
    return client.batches.create(
        input_file_id=file.id,
        endpoint=CHAT,
        completion_window="24h",
        metadata={"hold": "h1"},
        extra_headers={"X-Sandbox-Late-Ms": str(late_ms)},
    )


def ended(client: openai.OpenAI, name: str) -> Any:
    wait_for(lambda: client.batches.retrieve(name).status in OVER, "the batch's end")
    return client.batches.retrieve(name)


def rows(client: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id is not None
    return [json.loads(one) for one in client.files.content(file_id).text.splitlines()]


def test_a_batch_answers_each_line_at_batch_prices(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    created = batch_of(client, line("a"), line("b"), line("c", model="gpt-none"))
    assert created.status == "validating"
    done = ended(client, created.id)
    assert done.status == "completed"
    assert done.metadata == {"hold": "h1"}
    assert (done.request_counts.total, done.request_counts.completed) == (3, 2)
    good = rows(client, done.output_file_id)
    assert [one["custom_id"] for one in good] == ["a", "b"]
    usages = [one["response"]["body"]["usage"] for one in good]
    assert done.usage.input_tokens == sum(one["prompt_tokens"] for one in usages)
    assert done.usage.output_tokens == sum(one["completion_tokens"] for one in usages)
    (bad,) = rows(client, done.error_file_id)
    assert bad["response"]["status_code"] == 404
    assert bad["response"]["body"]["error"]["code"] == "model_not_found"
    (call,) = [one for one in sandbox.calls() if one["path"] == "/v1/batches"]
    # gpt-4o-mini in a batch: $0.075 and $0.30 a million.
    nano = done.usage.input_tokens * 75 + done.usage.output_tokens * 300
    assert call["provider_nano"] == nano
    assert call["tier"] == "batch"
    assert call["late_ms"] > call["ended_ms"]
    assert sandbox.account()["provider_nano"] == nano


def test_a_cancelled_batch_keeps_and_bills_what_was_done(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    created = batch_of(client, *[line(f"n{n}") for n in range(200)], late_ms=2000)
    wait_for(
        lambda: client.batches.retrieve(created.id).request_counts.completed > 0, "a line done", 10
    )
    assert client.batches.cancel(created.id).status == "cancelling"
    done = ended(client, created.id)
    assert done.status == "cancelled"
    good = rows(client, done.output_file_id)
    assert 0 < len(good) == done.request_counts.completed < 200
    assert done.usage.output_tokens == sum(
        one["response"]["body"]["usage"]["completion_tokens"] for one in good
    )
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(created.id)
    assert created.id in [one.id for one in client.batches.list(limit=5)]


def test_a_file_that_is_no_batch_fails_with_the_lines_at_fault(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    other = {**line("b"), "url": "/v1/embeddings"}
    created = batch_of(client, line("a"), b"{rubbish", other, line("a"), line("d", stream=True))
    done = ended(client, created.id)
    assert done.status == "failed"
    assert [(one.line, one.code) for one in done.errors.data] == [
        (2, "invalid_json_line"),
        (3, "mismatched_endpoint"),
        (4, "duplicate_custom_id"),
        (5, "invalid_request"),
    ]
    assert sandbox.account()["provider_nano"] == 0
    assert ended(client, batch_of(client, b" ").id).errors.data[0].code == "empty_file"


def test_what_cannot_be_a_batch_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.batches.create(input_file_id="file-none", endpoint=CHAT, completion_window="24h")
    with pytest.raises(openai.BadRequestError):
        client.batches.create(
            input_file_id="file-none",
            endpoint="/v1/nothing",  # type: ignore[arg-type]
            completion_window="24h",
        )
    file = client.files.create(file=("a.txt", b"a"), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
