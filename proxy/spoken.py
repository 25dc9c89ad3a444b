"""Speech that comes as plain audio: nothing in it says what it cost."""

from dataclasses import replace
from typing import Final

from proxy.audio import seconds_told
from proxy.form import HEAD_BYTES_MAX
from proxy.unit_bound import speech_tokens
from storage.records import Flag, Usage, WorstCase

_NONE: Final[frozenset[Flag]] = frozenset()
_COUNTED: Final = frozenset({Flag.ESTIMATED, Flag.NO_USAGE})


class Spoken:
    """The bytes of one answer, measured as they pass."""

    def __init__(self, worst: WorstCase, audio_format: str | None) -> None:
        self._worst = worst
        self._format = audio_format
        self._head = bytearray()
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """The next bytes."""
        self._size += len(chunk)
        self._head += chunk[: HEAD_BYTES_MAX - len(self._head)]

    @property
    def flags(self) -> frozenset[Flag]:
        """Characters are exact; tokens are counted from the length of the audio."""
        return _COUNTED if self._worst.output_ceiling else _NONE

    def usage(self) -> Usage:
        """What was used, once everything has come."""
        used = self.unheard()
        told = seconds_told(bytes(self._head), self._size, self._format)
        if not used.output_tokens or told is None:
            return used
        spoken = min(used.output_tokens, speech_tokens(told))
        return replace(used, output_tokens=spoken, audio_output_tokens=spoken)

    def unheard(self) -> Usage:
        """What was used where the audio does not say it: what was held for it."""
        worst = self._worst
        return Usage(
            input_tokens=worst.counted_input_tokens,
            output_tokens=worst.output_ceiling,
            audio_output_tokens=worst.output_ceiling,
            characters=worst.characters,
        )
