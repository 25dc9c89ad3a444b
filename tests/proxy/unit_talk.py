"""What clients send to, and upstreams answer on, the paths that are not text in and text out."""

import io
import json
import struct
import wave
from typing import Any

import httpx

from proxy.endpoints import Endpoint, Kind, Shape

IMAGE_USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens": 272,
    "total_tokens": 322,
}
HEARD_USAGE = {
    "type": "tokens",
    "input_tokens": 14,
    "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
    "output_tokens": 45,
    "total_tokens": 59,
}
SPOKEN_USAGE = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}


def wav(seconds: float, rate: int = 8_000) -> bytes:
    """Silence as a WAV file: one byte a sample."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(bytes(int(seconds * rate)))
    return made.getvalue()


def mp3_head(bitrate_index: int) -> bytes:
    """The first frame header of an MPEG 2 layer III file."""
    return struct.pack(">BBBB", 0xFF, 0xF3, bitrate_index << 4 | 4, 0xC4)


def form(files: list[tuple[str, bytes]], **fields: str) -> dict[str, Any]:
    """What httpx takes for a multipart form, files first: their fields come after."""
    parts: list[tuple[str, Any]] = [(name, (f"{name}.bin", data)) for name, data in files]
    parts += [(name, (None, value)) for name, value in fields.items()]
    return {"files": parts}


def form_bytes(**given: Any) -> tuple[bytes, bytes]:
    """The Content-Type and the bytes of such a form."""
    request = httpx.Request("POST", "http://x", **given)
    return request.headers["content-type"].encode(), request.read()


REQUESTS: dict[Shape, dict[str, Any]] = {
    Shape.CHAT: {"json": {"model": "gpt-4o", "messages": [], "max_tokens": 9}},
    Shape.RESPONSES: {"json": {"model": "gpt-4o", "input": "hi", "max_output_tokens": 16}},
    Shape.COMPACT: {"json": {"model": "gpt-4o", "input": "hi"}},
    Shape.COMPLETIONS: {"json": {"model": "gpt-3.5-turbo-instruct", "prompt": "hi"}},
    Shape.EMBEDDINGS: {"json": {"model": "text-embedding-3-small", "input": "hi"}},
    Shape.IMAGES: form([("image", b"\x89PNG")], prompt="a cat", model="gpt-image-1"),
    Shape.SPEECH: {"json": {"model": "tts-1", "input": "hello", "voice": "alloy"}},
    Shape.TRANSCRIPTION: form([("file", wav(2))], model="whisper-1"),
    Shape.VIDEO: {"json": {"model": "sora-2", "prompt": "a cat", "seconds": "8"}},
    Shape.FIXED: {"json": {"query": "cats"}},
    Shape.NONE: {"json": {"anything": 1}},
}  # fmt: skip
"""A request of each shape that passes admission."""


def request_for(row: Endpoint) -> dict[str, Any]:
    """A request that this row of the table takes."""
    if row.method != "POST":
        return {}
    if row.kind is Kind.LATE:
        return {"json": {}}
    if row.path == "/v1/images/generations":
        return {"json": {"model": "gpt-image-1", "prompt": "a cat"}}
    return REQUESTS[row.shape]


def path_of(row: Endpoint) -> str:
    """A path that fits the row's template."""
    return row.path.replace("{rest*}", "x1/files").replace("{id}", "x1").replace("{model}", "m1")


def answered(**answer: Any) -> bytes:
    return json.dumps(answer).encode()
