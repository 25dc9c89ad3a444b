"""`POST /v1/audio/speech`: silence as long as the text would take, whole or as events."""

from base64 import b64encode
from collections.abc import Iterator
from math import ceil
from typing import Any

from config.models import PriceKind
from sandbox import counting, sound
from sandbox.answer import Answer, Ask, Event, data_event, shown
from sandbox.errors import ApiError, missing, unsupported
from sandbox.params import TEXT, Check, check_fields, decimal, one_of, required, typed
from sandbox.usage import Units, speech_usage

CHARACTERS_A_SECOND = 15
CHARACTERS_MAX = 4096
"""From OpenAI's reference."""
AUDIO_TOKENS_A_MINUTE = 1250
"""What makes $12 per million tokens and $0.015 a minute, OpenAI's two statements, agree."""
PIECES = 8
"""In which a sound arrives."""

FIELDS: dict[str, Check] = {
    "model": TEXT,
    "input": TEXT,
    "voice": typed("a string or an object", str, dict),
    "instructions": TEXT,
    "response_format": one_of("mp3", "opus", "aac", "flac", "wav", "pcm"),
    "speed": decimal(0.25, 4),
    "stream_format": one_of("sse", "audio"),
}


def answer(ask: Ask) -> Answer:
    """Speak a text; raises `ApiError` 400."""
    fields = ask.fields
    check_fields(fields, FIELDS)
    said = required(fields, "input")
    if fields.get("voice") is None:
        raise missing("voice")
    if not 1 <= len(said) <= CHARACTERS_MAX:
        raise ApiError(
            400,
            f"Invalid 'input': 1 to {CHARACTERS_MAX} characters are spoken, not {len(said)}.",
            param="input",
            code="string_above_max_length",
        )
    form = fields.get("response_format") or "mp3"
    if form not in sound.FORMATS:
        known = ", ".join(sound.FORMATS)
        raise unsupported("response_format", f"The sandbox speaks {known}, not {form}.")
    seconds = len(said) / CHARACTERS_A_SECOND / (fields.get("speed") or 1)
    by_character = PriceKind.CHARACTER_INPUT in ask.model.prices
    units = Units(characters=len(said)) if by_character else _token_units(ask, said, seconds)
    raw = sound.silence(form, seconds)
    if fields.get("stream_format") == "sse":
        if by_character:
            message = f"'stream_format' sse is not supported for {ask.model.name}."
            raise unsupported("stream_format", message)
        events = _events(raw, units.output_tokens, shown(ask, speech_usage(units)))
        return Answer(ask.model, "default", units, events=events)
    kind = sound.FORMATS[form]
    pieces = _pieces(raw, units.output_tokens)
    return Answer(ask.model, "default", units, events=pieces, content_type=kind)


def _token_units(ask: Ask, said: str, seconds: float) -> Units:
    encoding = counting.encoding_name(ask.model.name)
    instructions = ask.fields.get("instructions") or ""
    spoken = ask.directives.output_tokens
    if spoken is None:
        spoken = ceil(seconds * AUDIO_TOKENS_A_MINUTE / 60)
    return Units(
        input_tokens=counting.count(encoding, said) + counting.count(encoding, instructions),
        output_tokens=spoken,
        audio_output_tokens=spoken,
    )


def _pieces(raw: bytes, tokens: int) -> Iterator[Event]:
    """The sound in pieces of one size, each with its share of the tokens."""
    step = ceil(len(raw) / PIECES)
    for place in range(PIECES):
        part = raw[place * step : (place + 1) * step]
        if part:
            yield Event(part, ceil(tokens * (place + 1) / PIECES))


def _events(raw: bytes, tokens: int, usage: dict[str, Any] | None) -> Iterator[Event]:
    for piece in _pieces(raw, tokens):
        delta = {"type": "speech.audio.delta", "audio": b64encode(piece.raw).decode()}
        yield Event(data_event(delta), piece.output_tokens)
    yield Event(data_event({"type": "speech.audio.done", "usage": usage}), tokens)
