"""Answers and streams that the tests of metering have in common."""

import json
from typing import Any

from config.models import Model
from proxy.endpoints import Endpoint, find
from proxy.meter import Step, StreamMeter
from proxy.sse import Event, EventReader
from proxy.tokens import encoding
from storage.records import Flag, WorstCase

CHAT = find("POST", "/v1/chat/completions")
RESPONSES = find("POST", "/v1/responses")
COMPLETIONS = find("POST", "/v1/completions")
EMBEDDINGS = find("POST", "/v1/embeddings")
METERED = [CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS]

GPT_4O = Model("gpt-4o", "chat", 128_000, 16_384)
GPT_5 = Model("gpt-5", "chat", 272_000, 128_000, is_reasoning=True)
WORST = WorstCase(40, 100, counted_input_tokens=12)
NO_USAGE = frozenset({Flag.NO_USAGE})


def count(text: str) -> int:
    return len(encoding("o200k_base").encode_ordinary(text))


CHAT_ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-2024-08-06",
    "service_tier": "priority",
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
RESPONSES_ANSWER = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5-2025-08-07",
    "service_tier": "default",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "output": [
        {"type": "web_search_call"},
        {"type": "message", "content": [{"type": "output_text", "text": "hello there"}]},
    ],
    "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
}


# Streams.


def events(*data: Any, done: bool = True) -> list[Event]:
    texts = [item if isinstance(item, str) else json.dumps(item) for item in data]
    stream = "".join(f"data: {text}\n\n" for text in [*texts, *["[DONE]"] * done])
    reader = EventReader()
    return reader.feed(stream.encode()) + reader.close()


def chunk(delta: Any = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": None}]
    return {"model": "gpt-4o-2024-08-06", "choices": choices, **more}


USAGE_CHUNK = chunk(usage=CHAT_ANSWER["usage"], service_tier="default")


def meter(
    endpoint: Endpoint = CHAT,
    model: Model | None = GPT_4O,
    worst: WorstCase = WORST,
    hide_usage: bool = False,
) -> StreamMeter:
    return StreamMeter(endpoint, model, worst, worst.output_ceiling, hide_usage)


def fed(stream: list[Event], into: StreamMeter) -> list[Step]:
    return [into.feed(event) for event in stream]
