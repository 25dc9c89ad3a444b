"""Undoing a compression that nobody asked for, within a bound: for metering only."""

import zlib
from typing import Final

from config.bounds import ANSWER_BYTES_MAX

_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Undecodable(Exception):
    """An encoding not known here, damaged, or above the bound once decoded."""


class AnswerDecoder:
    """Decodes the pieces of one answer. Raises `Undecodable`."""

    def __init__(self, content_encoding: str | None, bytes_max: int = ANSWER_BYTES_MAX) -> None:
        name = (content_encoding or "identity").strip().lower()
        self._name = name
        self._left_bytes = bytes_max
        self._started = False
        if name == "identity":
            self._inflate = None
        elif name in _WINDOW_BITS:
            self._inflate = zlib.decompressobj(_WINDOW_BITS[name])
        else:
            raise Undecodable(f"the answer is encoded as {name[:40]!r}")

    def feed(self, chunk: bytes) -> bytes:
        """What this piece decodes to; at most what is left of the bound."""
        if self._inflate is None:
            decoded = chunk
        else:
            self._tell_raw_deflate(chunk)
            try:
                decoded = self._inflate.decompress(chunk, self._left_bytes + 1)
            except zlib.error as error:
                raise Undecodable(f"the answer is not {self._name}: {error}") from None
        self._left_bytes -= len(decoded)
        if self._left_bytes < 0:
            raise Undecodable("the answer is larger than the bound once decoded")
        return decoded

    def _tell_raw_deflate(self, chunk: bytes) -> None:
        """Some servers send `deflate` without the zlib header that RFC 9110 asks for."""
        if self._started or not chunk:
            return
        self._started = True
        if self._name == "deflate" and chunk[0] & 0x0F != zlib.DEFLATED:
            self._inflate = zlib.decompressobj(-15)


def decode_answer(raw: bytes, content_encoding: str | None) -> bytes:
    """A whole answer, decoded. Raises `Undecodable`."""
    return AnswerDecoder(content_encoding).feed(raw)
