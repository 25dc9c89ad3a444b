"""Calls and models that the tests of this room have in common."""

import json
from typing import Any

from config.models import Model
from proxy.body import Body, read_body
from proxy.endpoints import Endpoint, find
from proxy.estimate import EstimateLimits, estimate
from proxy.tokens import encoding
from storage.records import WorstCase

CHAT = find("POST", "/v1/chat/completions")
RESPONSES = find("POST", "/v1/responses")
COMPLETIONS = find("POST", "/v1/completions")
EMBEDDINGS = find("POST", "/v1/embeddings")

GPT_4O = Model("gpt-4o", "chat", max_input_tokens=128_000, max_output_tokens=16_384)
GPT_5 = Model("gpt-5", "chat", 272_000, 128_000, is_reasoning=True)
INSTRUCT = Model("gpt-3.5-turbo-instruct", "completion", 8_192, 4_096)
EMBED = Model("text-embedding-3-small", "embedding", 8_191)

HI = {"messages": [{"role": "user", "content": "hi"}]}


def body_of(fields: dict[str, Any], model: str = "gpt-4o") -> Body:
    return read_body(json.dumps({"model": model, **fields}).encode())


async def earlier_response(identifier: str) -> int | None:
    return {"resp_known": 1_234}.get(identifier)


async def worst_of(
    endpoint: Endpoint, fields: dict[str, Any], model: Model | None = GPT_4O
) -> WorstCase:
    name = "some-model" if model is None else model.name
    return await estimate(
        endpoint, body_of(fields, name), model, EstimateLimits(), earlier_response
    )


def count(text: str) -> int:
    return len(encoding("o200k_base").encode_ordinary(text))


def chat_parts(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 50_000}}


AUDIO = {"type": "input_audio", "input_audio": {"data": "QUJD" * 1000, "format": "wav"}}
