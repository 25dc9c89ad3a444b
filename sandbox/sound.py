"""Sound files: silence of an exact length, and how long a given file is."""

import io
import wave
from math import ceil

from sandbox.errors import ApiError

RATE_HZ = 24_000
SAMPLE_BYTES = 2
MP3_FRAME = b"\xff\xfb\x94\xc4" + bytes(380)
"""24 ms of silence: MPEG 1 layer III, 128 kbit/s, 48 kHz, mono."""
MP3_FRAMES_A_SECOND = 1000 / 24
MP3_BYTES_A_SECOND = 16_000

FORMATS = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm"}
"""What the sandbox speaks, and its content type."""


def silence(form: str, seconds: float) -> bytes:
    """A whole sound file of one of `FORMATS`."""
    samples = bytes(ceil(seconds * RATE_HZ) * SAMPLE_BYTES)
    match form:
        case "pcm":
            return samples
        case "wav":
            held = io.BytesIO()
            with wave.open(held, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(SAMPLE_BYTES)
                file.setframerate(RATE_HZ)
                file.writeframes(samples)
            return held.getvalue()
        case _:
            return MP3_FRAME * ceil(seconds * MP3_FRAMES_A_SECOND)


def seconds_of(raw: bytes) -> float:
    """How long a file is: a WAV by its header, anything else as MP3 of 128 kbit/s.

    Raises `ApiError` 400 for an empty file.
    """
    if not raw:
        raise ApiError(400, "Audio file might be corrupted or unsupported.", param="file")
    if raw[:4] == b"RIFF":
        try:
            with wave.open(io.BytesIO(raw)) as file:
                return float(file.getnframes() / file.getframerate())
        except (wave.Error, EOFError, ZeroDivisionError):
            message = "Audio file might be corrupted or unsupported."
            raise ApiError(400, message, param="file") from None
    return len(raw) / MP3_BYTES_A_SECOND
