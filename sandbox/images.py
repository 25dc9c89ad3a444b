"""Tokens of image input, by the formulas in OpenAI's guide "Images and vision"."""

import struct
from base64 import b64decode
from binascii import Error as Base64Error
from math import ceil, floor, sqrt

from sandbox.errors import ApiError

UNSEEN = (1024, 1024)
"""The size taken for an image behind a link: the sandbox fetches nothing."""
PATCH_TOKENS_MAX = 1536
ROUNDING = 1e-9
"""What floating point may add to a side that is a whole number of patches."""

_PATCH_MODELS = (
    ("gpt-4.1-mini", 1.62),
    ("gpt-4.1-nano", 2.46),
    ("gpt-5-mini", 1.62),
    ("gpt-5-nano", 2.46),
    ("o4-mini", 1.72),
)
_TILE_MODELS = (
    ("gpt-4o-mini", 2833, 5667),
    ("gpt-5", 70, 140),
    ("o1", 75, 150),
    ("o3", 75, 150),
    ("computer-use", 65, 129),
)
_OTHERS = (85, 170)


def image_tokens(model: str, url: str, detail: str) -> int:
    """Tokens of one image: a data URL is measured, a link counts as 1024 by 1024 pixels."""
    width, height = _size(url)
    bare = model.removeprefix("ft:")
    for prefix, factor in _PATCH_MODELS:
        if bare.startswith(prefix):
            return ceil(_patches(width, height) * factor)
    base, tile = next(
        ((base, tile) for prefix, base, tile in _TILE_MODELS if bare.startswith(prefix)), _OTHERS
    )
    return base if detail == "low" else base + tile * _tiles(width, height)


def _patches(width: int, height: int) -> int:
    whole = ceil(width / 32) * ceil(height / 32)
    if whole <= PATCH_TOKENS_MAX:
        return whole
    shrink = sqrt(PATCH_TOKENS_MAX * 32 * 32 / (width * height))
    wide, high = width * shrink / 32, height * shrink / 32
    # The guide shrinks once more, until one side is a whole number of patches.
    fit = min(max(floor(wide), 1) / wide, max(floor(high), 1) / high, 1.0)
    whole = ceil(wide * fit - ROUNDING) * ceil(high * fit - ROUNDING)
    return min(whole, PATCH_TOKENS_MAX)


def _tiles(width: int, height: int) -> int:
    shrink = min(1.0, 2048 / max(width, height))
    shrink = min(shrink, 768 / min(width, height))
    return ceil(width * shrink / 512) * ceil(height * shrink / 512)


def _size(url: str) -> tuple[int, int]:
    if url.startswith(("http://", "https://")):
        return UNSEEN
    head, comma, data = url.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64") and comma):
        raise _bad_image()
    try:
        raw = b64decode(data, validate=True)
    except Base64Error:
        raise _bad_image() from None
    return measured(raw)


def measured(raw: bytes) -> tuple[int, int]:
    """Width and height of an image file, pixels; raises `ApiError` 400 for what is none."""
    size = _png(raw) or _gif(raw) or _jpeg(raw) or (UNSEEN if raw[8:12] == b"WEBP" else None)
    if size is None or 0 in size:
        raise _bad_image()
    return size


def _png(raw: bytes) -> tuple[int, int] | None:
    if raw[:8] != b"\x89PNG\r\n\x1a\n" or len(raw) < 24:
        return None
    width, height = struct.unpack(">II", raw[16:24])
    return width, height


def _gif(raw: bytes) -> tuple[int, int] | None:
    if raw[:4] != b"GIF8" or len(raw) < 10:
        return None
    width, height = struct.unpack("<HH", raw[6:10])
    return width, height


def _jpeg(raw: bytes) -> tuple[int, int] | None:
    if raw[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 < len(raw) and raw[place] == 0xFF:
        marker = raw[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", raw[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(raw[place + 2 : place + 4], "big")
    return None


def _bad_image() -> ApiError:
    return ApiError(
        400,
        "You uploaded an unsupported image. Please make sure your image has of one the "
        "following formats: ['png', 'jpeg', 'gif', 'webp'].",
        code="image_parse_error",
    )
