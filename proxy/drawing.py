"""What an image model can bill: for the images that it is shown, and for those that it draws.

Sources: OpenAI's guide "Image generation" (tables of output tokens for gpt-image-1 and its
family; 100 tokens a partial image) and its cost calculator for gpt-image-2 (sizes by formula).
"""

import re
from typing import Any, Final

from config.money import ceil_div
from proxy.body import BadBody, Body
from proxy.fields import integer

PARTIAL_TOKENS: Final = 100
TEXT_OUTPUT_TOKENS: Final = 1_024
"""Of planning, which newer models bill as text: above all that were measured."""

FRAMES_MAX: Final = 16
FRAMES_DEFAULT: Final = 9

_FIXED_SIZES: Final = {
    "low": {"1024x1024": 272, "1024x1536": 408, "1536x1024": 400},
    "medium": {"1024x1024": 1056, "1024x1536": 1584, "1536x1024": 1568},
    "high": {"1024x1024": 4160, "1024x1536": 6240, "1536x1024": 6208},
}
_FIXED_FAMILY: Final = re.compile(r"(?:gpt-image-1(?:[.-]|$)|chatgpt-image)")

_AXIS: Final = {"low": 16, "medium": 48, "high": 96}
_AREA_OFFSET: Final = 2_000_000
_AREA_SCALE: Final = 4_000_000
_PIXELS_MAX: Final = 3840 * 2160
_SIZE: Final = re.compile(r"(\d{2,4})x(\d{2,4})")

_SHOWN_TOKENS: Final = 65 + 8 * 129
"""An image to edit: a base, and the most tiles that one scaled to 512 px has."""
_SHOWN_CLOSELY_TOKENS: Final = _SHOWN_TOKENS + 6_240
"""With `input_fidelity: high`, which adds the most where it is not square."""
_SHOWN_TO_LATER_TOKENS: Final = 15_000
"""Later families look closely always; their formula is not published."""

_SHOWN_FIELDS: Final = frozenset({"image", "image[]", "images", "images[]", "mask"})


def drawn_tokens(model: str, body: Body) -> int:
    """The most output tokens that one image of this request can have. Raises `BadBody`."""
    _refuse_unbounded(body)
    quality, size = body.fields.get("quality"), body.fields.get("size")
    tokens = _one_image(model, quality, size if isinstance(size, str) else "auto")
    frames = 1
    if body.fields.get("output_format") == "gif":
        frames = integer(body, "frame_count", 1, FRAMES_MAX) or FRAMES_DEFAULT
    partial = integer(body, "partial_images", 0, 16) or 0
    return tokens * frames + partial * PARTIAL_TOKENS + TEXT_OUTPUT_TOKENS


def _one_image(model: str, quality: object, size: str) -> int:
    if _FIXED_FAMILY.match(model):
        by_size = _FIXED_SIZES.get(str(quality), _FIXED_SIZES["high"])
        return by_size.get(size, max(*by_size.values(), _by_area(str(quality), size)))
    axis = _AXIS.get(str(quality), _AXIS["high"])
    parts = _SIZE.fullmatch(size)
    if parts is None:
        return ceil_div(axis * axis * (_AREA_OFFSET + _PIXELS_MAX), _AREA_SCALE)
    width, height = int(parts[1]), int(parts[2])
    short, long = min(width, height), max(width, height)
    other_axis = (2 * axis * short + long) // (2 * long)
    by_formula = ceil_div(axis * other_axis * (_AREA_OFFSET + width * height), _AREA_SCALE)
    return max(by_formula, _by_area(str(quality), size))


def _by_area(quality: str, size: str) -> int:
    """As many tokens for each pixel as the square of the first family has; 0 without a size."""
    parts = _SIZE.fullmatch(size)
    if parts is None:
        return 0
    square = _FIXED_SIZES.get(quality, _FIXED_SIZES["high"])["1024x1024"]
    return ceil_div(square * int(parts[1]) * int(parts[2]), 1024 * 1024)


def _refuse_unbounded(body: Body) -> None:
    for field, values in (("quality", ("xhigh", "max")), ("output_format", ("svg",))):
        if body.fields.get(field) in values:
            raise BadBody(
                f"what '{field}': '{body.fields[field]}' costs is not published, so it cannot be"
                " bounded here: choose another",
                field,
                "unbounded_output",
            )
    if body.fields.get("svg") is not None:
        raise BadBody("what 'svg' costs is not published: leave it out", "svg", "unbounded_output")


def shown(body: Body) -> int:
    """How many images a request shows to its model, masks included. Raises `BadBody`."""
    files = sum(part.field in _SHOWN_FIELDS for part in body.files)
    return files + sum(_images_in(body.fields.get(field)) for field in _SHOWN_FIELDS)


def _images_in(value: Any) -> int:
    if value is None:
        return 0
    return len(value) if isinstance(value, list) else 1


def shown_tokens(model: str, body: Body) -> int:
    """The most input tokens that one image shown can have."""
    if not _FIXED_FAMILY.match(model):
        return _SHOWN_TO_LATER_TOKENS
    if body.fields.get("input_fidelity") == "low" or "-mini" in model:
        return _SHOWN_TOKENS
    return _SHOWN_CLOSELY_TOKENS
