"""What an OpenAI client and an OpenAI upstream say to each other, in the fewest words."""

from typing import Any

from tests.proxy.upstreams import STREAM_END, STREAM_HEAD, chunk, event, http

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
RATE_PER_TOKEN = 70_000
"""The unattributed rate card, nano-dollars a token."""
CHARGE = 12 * RATE_PER_TOKEN


def ask(**more: Any) -> dict[str, Any]:
    return {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 50,
    } | more


def completion(usage: dict[str, Any] | None = USAGE, **more: Any) -> bytes:
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Hello there you"},
            }
        ],
        "usage": usage,
    } | more
    return event(answer).removeprefix(b"data: ").strip()


def part(text: str, finish: str | None = None) -> bytes:
    return event(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "model": "gpt-4o-mini-2024-07-18",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
        }
    )


USAGE_PART = event(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [],
        "usage": USAGE,
    }
)
DONE = event("[DONE]")
PARTS = (part("Hello"), part(" there"), part(" you", "stop"))
STREAM = (*PARTS, USAGE_PART, DONE)


def streamed(*events: bytes) -> bytes:
    return STREAM_HEAD + b"".join(chunk(data) for data in events) + STREAM_END


OK = http(200, completion(), b"x-request-id: req_up")
OK_STREAM = streamed(*STREAM)
