"""What a prompt holds, in tokens: text, images, audio, files, tools; and what was cached of it."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Any

import orjson

from config.models import Model, PriceKind
from sandbox import counting
from sandbox.errors import ApiError, missing, wrong_type, wrong_value
from sandbox.images import image_tokens

TOKENS_PER_MESSAGE = 3
TOKENS_PER_NAME = 1
TOKENS_PER_REPLY = 3
"""From OpenAI's cookbook "How to count tokens with tiktoken"."""
TOKENS_PER_TOOL = 4

CACHE_STEP = 128
CACHE_MIN = 1024
CACHE_ENTRIES_MAX = 50_000

AUDIO_BYTES_PER_TOKEN = 4_800
"""Ten tokens a second at 24 kHz, 16 bit, mono: what OpenAI documents for speech input."""


@dataclass(frozen=True, slots=True)
class Cached:
    """How much of a prompt was cached, by kind, tokens."""

    text: int = 0
    audio: int = 0
    images: int = 0


@dataclass(slots=True)
class Prompt:
    """A prompt being added up for one model."""

    model: Model
    encoding: str
    tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    text: list[str] = field(default_factory=list)

    def add_text(self, text: str) -> None:
        """Text that the model reads."""
        self.tokens += counting.count(self.encoding, text)
        self.text.append(text)

    def add_json(self, document: object) -> None:
        """A schema or the like, read as compact JSON."""
        self.add_text(orjson.dumps(document).decode())

    def add_part(self, where: str, part: object) -> None:
        """A content part, of chat (`text`, `image_url`) or of responses (`input_text`, …)."""
        if not isinstance(part, dict):
            raise wrong_type(where, "an object", part)
        match part.get("type"):
            case "text" | "input_text" | "output_text":
                self.add_text(_text(f"{where}.text", part.get("text")))
            case "refusal":
                self.add_text(_text(f"{where}.refusal", part.get("refusal")))
            case "image_url":
                image = part.get("image_url")
                if not isinstance(image, dict):
                    raise wrong_type(f"{where}.image_url", "an object", image)
                self._add_image(f"{where}.image_url.url", image.get("url"), image)
            case "input_image":
                self._add_image(f"{where}.image_url", part.get("image_url"), part)
            case "input_audio":
                self._add_audio(where, part.get("input_audio"))
            case "file" | "input_file":
                inner = part.get("file") if part["type"] == "file" else part
                self._add_file(where, inner)
            case None:
                raise missing(f"{where}.type")
            case other:
                raise wrong_value(
                    f"{where}.type", other, ("text", "image_url", "input_audio", "refusal", "file")
                )

    def add_content(self, where: str, content: object) -> None:
        """A message's content: text, parts, or nothing."""
        if isinstance(content, str):
            self.add_text(content)
        elif isinstance(content, list):
            for index, part in enumerate(content):
                self.add_part(f"{where}[{index}]", part)
        elif content is not None:
            raise wrong_type(where, "a string or an array of content parts", content)

    def _add_image(self, where: str, url: object, holder: dict[str, Any]) -> None:
        if not isinstance(url, str):
            raise missing(where) if url is None else wrong_type(where, "a string", url)
        tokens = image_tokens(self.model.name, url, str(holder.get("detail", "auto")))
        self.tokens += tokens
        self.image_tokens += tokens
        self.text.append(url)

    def _add_audio(self, where: str, audio: object) -> None:
        if PriceKind.AUDIO_INPUT not in self.model.prices:
            raise ApiError(400, "This model does not support audio input.", param=where)
        data = audio.get("data") if isinstance(audio, dict) else None
        raw = _decoded(f"{where}.input_audio.data", data)
        tokens = -(-len(raw) // AUDIO_BYTES_PER_TOKEN)
        self.tokens += tokens
        self.audio_tokens += tokens
        self.text.append(blake2b(raw).hexdigest())

    def _add_file(self, where: str, inner: object) -> None:
        data = inner.get("file_data") if isinstance(inner, dict) else None
        if not isinstance(data, str):
            raise ApiError(
                400, "The sandbox keeps no files: send `file_data`.", param=f"{where}.file"
            )
        raw = _decoded(f"{where}.file_data", data.rpartition(",")[2])
        try:
            self.add_text(raw.decode())
        except UnicodeDecodeError:
            self.tokens += -(-len(raw) // 4)
            self.text.append(blake2b(raw).hexdigest())


class PrefixCache:
    """Remembers the starts of long prompts, as OpenAI's prompt caching does.

    A prompt of 1,024 tokens or more is cached in steps of 128; the same start for the same model
    counts as cached when it comes again. What was written but not read is `cache_write`, for
    models that bill it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def read(self, prompt: Prompt, key: str) -> tuple[int, int]:
        """(cached tokens, cache-write tokens) of this prompt, which is remembered."""
        if prompt.tokens < CACHE_MIN:
            return 0, 0
        numbers = counting.tokens_of(prompt.encoding, "\n".join(prompt.text))
        longest = min(prompt.tokens - prompt.audio_tokens, len(numbers)) // CACHE_STEP * CACHE_STEP
        running = blake2b(f"{prompt.model.name}\n{key}".encode(), digest_size=16)
        with self._lock:
            cached = self._cached(running, numbers, longest)
        writes = PriceKind.CACHE_WRITE in prompt.model.prices
        return cached, (max(longest, 0) - cached if writes and longest >= CACHE_MIN else 0)

    def _cached(self, running: blake2b, numbers: list[int], longest: int) -> int:
        cached, done = 0, 0
        for end in range(CACHE_MIN, longest + 1, CACHE_STEP):
            running.update(repr(numbers[done:end]).encode())
            done = end
            mark = running.digest()
            if mark in self._known:
                self._known.move_to_end(mark)
                cached = end
            else:
                self._known[mark] = None
        while len(self._known) > CACHE_ENTRIES_MAX:
            self._known.popitem(last=False)
        return cached


def _text(where: str, value: object) -> str:
    if value is None:
        raise missing(where)
    if not isinstance(value, str):
        raise wrong_type(where, "a string", value)
    return value


def _decoded(where: str, data: object) -> bytes:
    if not isinstance(data, str):
        raise missing(where) if data is None else wrong_type(where, "a string", data)
    try:
        return b64decode(data, validate=True)
    except Base64Error:
        raise ApiError(400, f"Invalid '{where}': not base64.", param=where) from None
