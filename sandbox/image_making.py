"""`POST /v1/images/…`: one-pixel images, billed as the whole image would be."""

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

from config.models import PriceKind
from sandbox import counting
from sandbox.answer import Answer, Ask, Event, named_event, shown
from sandbox.errors import ApiError, missing, unknown_field, wrong_value
from sandbox.images import measured
from sandbox.params import (
    OBJECT,
    SWITCH,
    TEXT,
    Check,
    check_fields,
    integer,
    one_of,
    required,
)
from sandbox.text import digest
from sandbox.usage import Units, image_usage

OUTPUT_TOKENS = {
    "low": {"1024x1024": 272, "1024x1536": 408, "1536x1024": 400},
    "medium": {"1024x1024": 1056, "1024x1536": 1584, "1536x1024": 1568},
    "high": {"1024x1024": 4160, "1024x1536": 6240, "1536x1024": 6208},
}
"""Of one image, from OpenAI's guide "Image generation"; other sizes by their pixels."""
PARTIAL_TOKENS = 100
"""Of each partial image, from the same guide."""
BASE_TOKENS, TILE_TOKENS = 65, 129
FIDELITY_TOKENS = {True: 4160, False: 6240}
"""Of an input image at high fidelity, by whether it is square; from the vision guide."""
AUTO_QUALITY, AUTO_SIZE = "medium", "1024x1024"
SIDE_PIXELS_MAX = 4096

GENERATION: dict[str, Check] = {
    "model": TEXT,
    "prompt": TEXT,
    "background": one_of("transparent", "opaque", "auto"),
    "moderation": one_of("low", "auto"),
    "n": integer(1, 10),
    "output_compression": integer(0, 100),
    "output_format": one_of("png", "webp", "jpeg"),
    "partial_images": integer(0, 3),
    "quality": one_of("low", "medium", "high", "auto", "standard", "hd"),
    "response_format": one_of("url", "b64_json"),
    "safety_identifier": TEXT,
    "size": TEXT,
    "stream": SWITCH,
    "style": one_of("vivid", "natural"),
    "user": TEXT,
}
EDIT: dict[str, Check] = {
    **{name: check for name, check in GENERATION.items() if name not in ("moderation", "style")},
    "input_fidelity": one_of("high", "low"),
    "image": OBJECT,
    "mask": OBJECT,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What was asked for, with what `auto` stands for."""

    quality: str
    size: str
    background: str
    form: str
    partial_images: int

    def told(self) -> dict[str, Any]:
        """These settings as an answer tells them."""
        return {
            "background": self.background,
            "output_format": self.form,
            "quality": self.quality,
            "size": self.size,
        }

    def tokens(self) -> int:
        """Output tokens of one image."""
        whole = OUTPUT_TOKENS[self.quality]
        width, height = (int(one) for one in self.size.split("x"))
        own = whole.get(self.size)
        return ceil(whole[AUTO_SIZE] * width * height / 1024**2) if own is None else own


def generation(ask: Ask) -> Answer:
    """Make images; raises `ApiError` 400."""
    check_fields(ask.fields, GENERATION)
    return _answer(ask, "image_generation", 0)


def edit(ask: Ask) -> Answer:
    """Change images that a form uploads; raises `ApiError` 400."""
    check_fields(ask.fields, EDIT)
    images = ask.files.get("image")
    if not images:
        raise missing("image")
    if len(images) > 16:
        raise ApiError(400, "At most 16 images can be edited at once.", param="image")
    high = ask.fields.get("input_fidelity") == "high"
    given = [*images, *ask.files.get("mask", [])]
    return _answer(ask, "image_edit", sum(_input_tokens(one.kept, high) for one in given))


def variation(ask: Ask) -> Answer:
    """Vary an image: by models alone that are billed by the image; raises `ApiError` 400."""
    if PriceKind.IMAGE_OUTPUT in ask.model.prices:
        raise wrong_value("model", ask.fields["model"], ("dall-e-2",))
    images = ask.files.get("image")
    if not images:
        raise missing("image")
    measured(images[0].kept)
    return _by_image(ask, images[0].sha256)


def _answer(ask: Ask, kind: str, image_tokens: int) -> Answer:
    fields = ask.fields
    prompt = str(required(fields, "prompt"))
    if PriceKind.IMAGE_OUTPUT not in ask.model.prices:
        return _by_image(ask, prompt)
    for name in ("response_format", "style"):
        if fields.get(name) is not None:
            raise unknown_field(name)
    picture = _picture(ask)
    n = fields.get("n") or 1
    if fields.get("stream") and n > 1:
        raise ApiError(400, "Streaming is only supported with n=1.", param="n")
    text_tokens = counting.count(counting.encoding_name(ask.model.name), prompt)
    output = n * picture.tokens() + picture.partial_images * PARTIAL_TOKENS
    units = Units(
        input_tokens=text_tokens + image_tokens,
        output_tokens=output,
        image_input_tokens=image_tokens,
        image_output_tokens=output,
    )
    usage = shown(ask, image_usage(units))
    drawn = [_png(ask.model.name, prompt, str(place)) for place in range(n)]
    if fields.get("stream"):
        events = _events(ask, kind, picture, drawn[0], usage, output)
        return Answer(ask.model, "default", units, events=events)
    document = {
        "created": ask.created,
        **picture.told(),
        "data": [{"b64_json": one} for one in drawn],
        "usage": usage,
    }
    return Answer(ask.model, "default", units, document=document)


def _by_image(ask: Ask, about: str) -> Answer:
    """The older models: billed by the image, answered with links unless told otherwise."""
    n = ask.fields.get("n") or 1
    drawn = [_png(ask.model.name, about, str(place)) for place in range(n)]
    if ask.fields.get("response_format") == "b64_json":
        data = [{"b64_json": one} for one in drawn]
    else:
        data = [
            {"url": f"https://images.sandbox.invalid/{ask.serial}-{place}.png"}
            for place in range(n)
        ]
    document = {"created": ask.created, "data": data}
    return Answer(ask.model, "default", Units(images=n), document=document)


def _picture(ask: Ask) -> Picture:
    fields = ask.fields
    quality = fields.get("quality") or "auto"
    size = fields.get("size") or "auto"
    if quality in ("standard", "hd"):
        raise wrong_value("quality", quality, ("low", "medium", "high", "auto"))
    size = AUTO_SIZE if size == "auto" else size
    sides = size.split("x")
    good = len(sides) == 2 and all(one.isdecimal() for one in sides)
    if not good or not all(16 <= int(one) <= SIDE_PIXELS_MAX for one in sides):
        raise wrong_value("size", size, ("1024x1024", "1024x1536", "1536x1024", "auto"))
    partial = fields.get("partial_images") or 0
    if partial and not fields.get("stream"):
        raise ApiError(400, "'partial_images' needs 'stream'.", param="partial_images")
    background = fields.get("background") or "auto"
    return Picture(
        quality=AUTO_QUALITY if quality == "auto" else quality,
        size=size,
        background="opaque" if background == "auto" else background,
        form=fields.get("output_format") or "png",
        partial_images=partial,
    )


def _events(
    ask: Ask, kind: str, picture: Picture, drawn: str, usage: dict[str, Any] | None, output: int
) -> Iterator[Event]:
    head = {"b64_json": drawn, "created_at": ask.created, **picture.told()}
    for place in range(picture.partial_images):
        partial = {"type": f"{kind}.partial_image", **head, "partial_image_index": place}
        yield Event(named_event(partial), (place + 1) * PARTIAL_TOKENS)
    last = {"type": f"{kind}.completed", **head}
    if usage is not None:
        last["usage"] = usage
    yield Event(named_event(last), output)


def _input_tokens(raw: bytes, high: bool) -> int:
    width, height = measured(raw)
    shrink = min(512 / min(width, height), 1.0)
    tiles = ceil(width * shrink / 512) * ceil(height * shrink / 512)
    tokens = BASE_TOKENS + TILE_TOKENS * tiles
    return tokens + (FIDELITY_TOKENS[width == height] if high else 0)


def _png(*about: str) -> str:
    """A valid PNG of one pixel, whose colour depends on what it is about; base64."""
    colour = digest(*about).to_bytes(8, "big")[:3]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" + colour)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()
