"""Worst cases of calls that draw, speak, listen or film: billed by tokens of their own kind, or
by images, characters and seconds."""

from typing import Final

from config.models import Model
from config.money import ceil_div
from proxy.audio import seconds_max, seconds_told
from proxy.body import BadBody, Body
from proxy.drawing import drawn_tokens, shown, shown_tokens
from proxy.endpoints import Shape
from proxy.fields import choices
from proxy.priced import bills_tokens
from proxy.text_bound import TextBound
from proxy.tokens import TokenCounter
from storage.records import WorstCase

PROMPT_OVERHEAD: Final = 32

SPEECH_TOKENS_A_MINUTE: Final = 1_250
"""OpenAI's price list: 0.015 USD a minute at 12 USD a million audio tokens."""
SPEECH_BYTES_A_SECOND: Final = 4
"""Four letters, or one sign of three or four bytes, take no longer than this to say slowly."""
SPEECH_S_MIN: Final = 10
SPEED_MIN: Final = 0.25

HEARD_TOKENS_A_SECOND: Final = 20
"""Twice what is documented for audio input, and more than anyone can say."""
COUNTED_HEARD_TOKENS_A_SECOND: Final = 10
TRANSCRIPT_OVERHEAD: Final = 256
HEARD_S_MAX: Final = 1_500
"""The longest audio that the gpt-4o transcription models take, by OpenAI's error message."""

VIDEO_S_DEFAULT: Final = 4
VIDEO_S_MAX: Final = 60


def unit_bound(shape: Shape, body: Body, model: Model | None, name: str) -> WorstCase:
    """The worst case of one call. Raises `BadBody` for what is absurd or cannot be bounded."""
    match shape:
        case Shape.IMAGES:
            return _images(body, model, name)
        case Shape.SPEECH:
            return _speech(body, model, name)
        case Shape.TRANSCRIPTION:
            return _transcription(body, model, name)
        case Shape.VIDEO:
            return WorstCase(0, video_seconds=_video_seconds(body))
        case _:
            raise ValueError(f"{shape} is not billed by units")


def _text_tokens(name: str, *texts: object) -> TextBound:
    bound = TextBound(TokenCounter(name), name)
    for text in texts:
        if isinstance(text, str):
            bound.add_text(text, PROMPT_OVERHEAD)
    return bound


def _images(body: Body, model: Model | None, name: str) -> WorstCase:
    number = choices(body, "n")
    if not bills_tokens(model):
        return WorstCase(0, choices=number, images=number)
    text = _text_tokens(name, body.fields.get("prompt") or "")
    seen = shown(body) * shown_tokens(name, body)
    return WorstCase(
        input_tokens=text.bound + seen,
        output_ceiling=drawn_tokens(name, body),
        choices=number,
        image_input_tokens=seen,
        image_output=True,
        counted_input_tokens=text.counted + seen,
        images=number,
    )


def _speech(body: Body, model: Model | None, name: str) -> WorstCase:
    said = body.fields.get("input")
    if not isinstance(said, str):
        raise BadBody("'input' must be a string", "input", "invalid_type")
    if not bills_tokens(model):
        return WorstCase(0, characters=len(said))
    text = _text_tokens(name, said, body.fields.get("instructions"))
    seconds = max(SPEECH_S_MIN, ceil_div(len(said.encode()), SPEECH_BYTES_A_SECOND))
    return WorstCase(
        input_tokens=text.bound,
        output_ceiling=speech_tokens(ceil_div(seconds * 100, _speed_percent(body))),
        audio_output=True,
        counted_input_tokens=text.counted,
        characters=len(said),
    )


def speech_tokens(seconds: int) -> int:
    """Audio tokens of so much speech."""
    return ceil_div(seconds * SPEECH_TOKENS_A_MINUTE, 60)


def _speed_percent(body: Body) -> int:
    """How fast is spoken, in percent; faster than 1 bounds nothing, as not every model heeds it."""
    speed = body.fields.get("speed")
    if speed is None:
        return 100
    if isinstance(speed, bool) or not isinstance(speed, int | float):
        raise BadBody("'speed' must be a number", "speed", "invalid_type")
    if not SPEED_MIN <= speed <= 4:
        raise BadBody("'speed' must be from 0.25 to 4.0", "speed")
    return min(100, int(speed * 100))


def _transcription(body: Body, model: Model | None, name: str) -> WorstCase:
    files = [part for part in body.files if part.field == "file"]
    if len(files) != 1:
        raise BadBody("send one audio file in the field 'file'", "file")
    (audio,) = files
    longest = seconds_max(audio.head, audio.size_bytes)
    if name.startswith("gpt-4o"):
        longest = min(longest, HEARD_S_MAX)
    told = seconds_told(audio.head, audio.size_bytes)
    counted = longest if told is None else max(1, min(told, longest))
    if not bills_tokens(model):
        return WorstCase(0, audio_seconds=longest, counted_audio_seconds=counted)
    text = _text_tokens(name, body.fields.get("prompt"))
    heard = longest * HEARD_TOKENS_A_SECOND
    return WorstCase(
        input_tokens=text.bound + heard + TRANSCRIPT_OVERHEAD,
        output_ceiling=longest * HEARD_TOKENS_A_SECOND + TRANSCRIPT_OVERHEAD,
        audio_input_tokens=heard,
        counted_input_tokens=text.counted + counted * COUNTED_HEARD_TOKENS_A_SECOND,
        audio_seconds=longest,
        counted_audio_seconds=counted,
    )


def _video_seconds(body: Body) -> int:
    given = body.fields.get("seconds")
    if given is None:
        return VIDEO_S_DEFAULT
    text = str(given) if type(given) is int else given
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 3):
        raise BadBody("'seconds' must be a whole number", "seconds", "invalid_type")
    if not 1 <= int(text) <= VIDEO_S_MAX:
        raise BadBody(f"'seconds' must be from 1 to {VIDEO_S_MAX}", "seconds")
    return int(text)
