"""Two thousand requests of every shape, the same ones each time: what the estimate must cover."""

import json
import random
import struct
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from proxy.body import Body, read_body
from proxy.endpoints import Endpoint, find
from proxy.form import FormReader
from tests.proxy.strategies import SCRIPTS
from tests.proxy.unit_talk import form, form_bytes, wav

SEED = 20_261_122


@dataclass(frozen=True)
class Generated:
    """One request, as the proxy reads it and as the sandbox does."""

    endpoint: Endpoint
    body: Body
    fields: dict[str, Any]
    files: dict[str, list[bytes]]
    explicit: bool = False
    """It sets the ceiling of its output."""


def generated() -> Iterator[Generated]:
    """All of them."""
    draw = random.Random(SEED)
    makers = (
        (_chat, 900), (_responses, 400), (_completion, 200), (_embedding, 150),
        (_image, 100), (_edit, 100), (_speech, 75), (_transcription, 75),
    )  # fmt: skip
    for make, count in makers:
        for _ in range(count):
            yield make(draw)


def text(draw: random.Random, pieces_max: int = 40) -> str:
    """Words of many scripts, mixed or not."""
    pieces = draw.randint(1, pieces_max)
    chosen = draw.sample(SCRIPTS, draw.randint(1, 3))
    return "".join(draw.choice(chosen) for _ in range(pieces))


def png(width: int, height: int) -> bytes:
    """The head of a PNG of this size: enough to measure it."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def side(draw: random.Random) -> int:
    return draw.choice([1, 31, 32, 33, 511, 512, 513, 767, 768, 1024, 1536, 2048, 2049, 4000])


def _json(path: str, fields: dict[str, Any], explicit: bool = False) -> Generated:
    raw = json.dumps(fields, ensure_ascii=len(str(fields)) % 2 == 0).encode()
    return Generated(find("POST", path), read_body(raw), fields, {}, explicit)


def _form(path: str, files: list[tuple[str, bytes]], **fields: str) -> Generated:
    content_type, raw = form_bytes(**form(files, **fields))
    reader = FormReader(content_type.rpartition(b"boundary=")[2])
    for start in range(0, len(raw), 65_536):
        reader.feed(raw[start : start + 65_536])
    read = reader.close()
    by_field: dict[str, list[bytes]] = {}
    for name, data in files:
        by_field.setdefault(name, []).append(data)
    return Generated(find("POST", path), Body(b"", read.fields, {}, read.files), fields, by_field)


def _schema(draw: random.Random, depth: int = 2) -> dict[str, Any]:
    """The parameters of a tool, some of them long."""
    properties: dict[str, Any] = {}
    for number in range(draw.randint(1, 6)):
        kind = draw.choice(["string", "integer", "enum", "object", "array"])
        name = f"{draw.choice(['city', 'größe', '単位', 'max_results'])}_{number}"
        about = {"description": text(draw, 4)}
        if kind == "enum":
            properties[name] = {"type": "string", "enum": ["a", "b c", "ü"], **about}
        elif kind == "object" and depth:
            properties[name] = _schema(draw, depth - 1)
        elif kind == "array":
            properties[name] = {"type": "array", "items": {"type": "number"}, **about}
        else:
            properties[name] = {"type": "integer" if kind == "integer" else "string", **about}
    return {"type": "object", "properties": properties, "required": list(properties)[:1]}


def _tool(draw: random.Random, number: int) -> dict[str, Any]:
    return {
        "name": f"tool_{number}",
        "description": text(draw, 6),
        "parameters": _schema(draw),
    }


def _image_part(draw: random.Random) -> str:
    return "data:image/png;base64," + b64encode(png(side(draw), side(draw))).decode()


def _chat(draw: random.Random) -> Generated:
    model = draw.choice(["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-5", "o4-mini"])
    hears = draw.random() < 0.1
    content: Any = text(draw)
    if hears:
        model = "gpt-4o-audio-preview"
        audio = b64encode(wav(draw.uniform(0.1, 9.0))).decode()
        content = [
            {"type": "text", "text": content},
            {"type": "input_audio", "input_audio": {"data": audio, "format": "wav"}},
        ]
    elif draw.random() < 0.35:
        content = [{"type": "text", "text": content}]
        for _ in range(draw.randint(1, 3)):
            shown = {"url": _image_part(draw), "detail": draw.choice(["auto", "high", "low"])}
            content.append({"type": "image_url", "image_url": shown})
    fields: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": content}]}
    if draw.random() < 0.5:
        fields["messages"].insert(0, {"role": "system", "content": text(draw)})
    if draw.random() < 0.3 and not hears:
        tools = [_tool(draw, number) for number in range(draw.randint(1, 5))]
        fields["tools"] = [{"type": "function", "function": tool} for tool in tools]
    if draw.random() < 0.2:
        fields["n"] = draw.randint(2, 4)
    explicit = draw.random() < 0.7
    if explicit:
        fields["max_completion_tokens"] = draw.choice([16, 100, 500, 2_000])
        fields["service_tier"] = draw.choice(["auto", "default"])
    return _json("/v1/chat/completions", fields, explicit)


def _responses(draw: random.Random) -> Generated:
    fields: dict[str, Any] = {"model": draw.choice(["gpt-4o", "gpt-5-mini", "o3"])}
    fields["input"] = text(draw)
    if draw.random() < 0.4:
        shown = {"type": "input_image", "image_url": _image_part(draw), "detail": "auto"}
        parts = [{"type": "input_text", "text": text(draw)}, shown]
        fields["input"] = [{"role": "user", "content": parts}]
    if draw.random() < 0.5:
        fields["instructions"] = text(draw)
    if draw.random() < 0.3:
        fields["tools"] = [{"type": "function", **_tool(draw, number)} for number in range(3)]
    explicit = draw.random() < 0.7
    if explicit:
        fields["max_output_tokens"] = draw.choice([16, 100, 500, 2_000])
        fields["service_tier"] = draw.choice(["auto", "default"])
    return _json("/v1/responses", fields, explicit)


def _completion(draw: random.Random) -> Generated:
    prompts = [text(draw) for _ in range(draw.randint(1, 4))]
    fields: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": prompts}
    if draw.random() < 0.7:
        fields["max_tokens"] = draw.choice([1, 16, 100, 400])
    if draw.random() < 0.3:
        fields["n"] = 2
        fields["best_of"] = draw.choice([2, 3])
    return _json("/v1/completions", fields, True)


def _embedding(draw: random.Random) -> Generated:
    model = draw.choice(["text-embedding-3-small", "text-embedding-3-large"])
    inputs = [text(draw) for _ in range(draw.randint(1, 8))]
    return _json("/v1/embeddings", {"model": model, "input": inputs})


def _drawn(draw: random.Random) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "model": draw.choice(["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2"]),
        "prompt": text(draw),
    }
    if draw.random() < 0.7:
        fields["size"] = draw.choice(["auto", "1024x1024", "1024x1536", "1536x1024", "2048x1152"])
    if draw.random() < 0.7:
        fields["quality"] = draw.choice(["auto", "low", "medium", "high"])
    if draw.random() < 0.4:
        fields["stream"] = True
        fields["partial_images"] = draw.randint(0, 3)
    elif draw.random() < 0.4:
        fields["n"] = draw.randint(1, 10)
    return fields


def _image(draw: random.Random) -> Generated:
    return _json("/v1/images/generations", _drawn(draw))


def _edit(draw: random.Random) -> Generated:
    fields = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in _drawn(draw).items()
    }
    if draw.random() < 0.5 and "mini" not in fields["model"]:
        fields["input_fidelity"] = draw.choice(["high", "low"])
    sides = [512, 640, 1024, 1536, 2048]
    images = [
        ("image", png(draw.choice(sides), draw.choice(sides))) for _ in range(draw.randint(1, 4))
    ]
    return _form("/v1/images/edits", images, **fields)


def _speech(draw: random.Random) -> Generated:
    fields: dict[str, Any] = {
        "model": draw.choice(["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]),
        "input": text(draw)[:4096],
        "voice": "alloy",
    }
    if draw.random() < 0.3:
        fields["speed"] = draw.choice([0.25, 0.5, 1.0, 2.0, 4.0])
    return _json("/v1/audio/speech", fields)


def _transcription(draw: random.Random) -> Generated:
    model = draw.choice(["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"])
    seconds = draw.choice([0.1, 1.0, 2.5, 30.0, 61.2])
    audio = wav(seconds) if draw.random() < 0.6 else b"\xff\xfb\x94\xc4" * int(seconds * 4_000)
    fields = {"model": model}
    if draw.random() < 0.5:
        fields["prompt"] = text(draw, 5)
    return _form("/v1/audio/transcriptions", [("file", audio or b"\0")], **fields)
