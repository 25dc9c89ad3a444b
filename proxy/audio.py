"""How long audio is, as far as its bytes say: to bound what it costs, and to count it."""

import struct
from typing import Final

from config.money import ceil_div

BYTES_A_SECOND_MIN: Final = 750
"""6 kbit/s, the lowest rate that the Opus codec recommends for speech; others need more. Audio
that is silent throughout can be smaller: such a call may exceed its hold, and is flagged."""

PCM_BYTES_A_SECOND: Final = 24_000 * 2
"""What the speech API sends as `pcm`: 24 kHz, 16 bit, one channel."""

_MP3_KBITS: Final = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
"""Layer III, by MPEG version: ISO 11172-3 and 13818-3."""


def seconds_max(head: bytes, size_bytes: int) -> int:
    """The most seconds that a file of audio can last; at least 1."""
    rate = _wav_bytes_a_second(head) or BYTES_A_SECOND_MIN
    return ceil_div(size_bytes, min(rate, max(size_bytes, 1))) or 1


def seconds_told(head: bytes, size_bytes: int, kind: str | None = None) -> int | None:
    """How long a file lasts by what its first bytes say, begun seconds; None where they do not.

    `kind` is the name of a format that has no header (`pcm`).
    """
    rate = PCM_BYTES_A_SECOND if kind == "pcm" else _wav_bytes_a_second(head)
    rate = rate or _mp3_bytes_a_second(head)
    return None if rate is None else ceil_div(size_bytes, rate)


def _wav_bytes_a_second(head: bytes) -> int | None:
    """The rate that a WAV file of plain samples states."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at = 12
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        if name == b"fmt " and at + 20 <= len(head):
            coding, channels, samples, rate = struct.unpack_from("<HHII", head, at + 8)
            plain = coding == 1 and channels and rate >= samples
            return rate if plain and rate else None
        at += 8 + size + size % 2
    return None


def _mp3_bytes_a_second(head: bytes) -> int | None:
    """The rate of the first frame, behind a tag if there is one."""
    at = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        at = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    frame = head[at : at + 4]
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE6 != 0xE2:
        return None
    kbits = _MP3_KBITS.get(frame[1] >> 3 & 3, (0,) * 16)[frame[2] >> 4]
    return kbits * 125 or None
