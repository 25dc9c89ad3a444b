"""Spoken answers in chat: silence beside a transcript, two audio tokens a word."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from config.models import Model, PriceKind
from sandbox import sound
from sandbox.errors import missing, unsupported, wrong_value

AUDIO_TOKENS_A_PIECE = 2
"""A word is spoken in a tenth of a second, at twenty tokens a second."""
SECONDS_A_PIECE = 0.1
PIECE_OF_SOUND = b64encode(sound.silence("pcm", SECONDS_A_PIECE)).decode()
"""24 kHz, 16 bit, mono."""
HOUR_S = 3600

_FORMATS = {"wav": "wav", "mp3": "mp3", "pcm16": "pcm"}


def voice_of(fields: Mapping[str, Any], model: Model) -> str | None:
    """The sound format of a spoken answer, None for a written one; raises `ApiError` 400."""
    if "audio" not in (fields.get("modalities") or ()):
        return None
    if PriceKind.AUDIO_OUTPUT not in model.prices:
        raise unsupported("modalities", f"The model `{model.name}` does not answer in audio.")
    settings = fields.get("audio")
    if not isinstance(settings, dict):
        raise missing("audio")
    for name in ("voice", "format"):
        if settings.get(name) is None:
            raise missing(f"audio.{name}")
    form = str(settings["format"])
    allowed = ("pcm16",) if fields.get("stream") else tuple(_FORMATS)
    if form not in allowed:
        raise wrong_value("audio.format", form, allowed)
    return form


def spoken(form: str, name: str, transcript: str, pieces: int, created: int) -> dict[str, Any]:
    """The `audio` of a message."""
    raw = sound.silence(_FORMATS[form], pieces * SECONDS_A_PIECE)
    return {
        "id": name,
        "data": b64encode(raw).decode(),
        "expires_at": created + HOUR_S,
        "transcript": transcript,
    }
