"""Answers that were compressed unasked are decoded within a bound."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.decoding import AnswerDecoder, Undecodable, decode_answer

PLAIN = b'{"usage":{}}' * 100


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        (None, PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        (" GZIP ", gzip.compress(PLAIN, mtime=0)),
        ("x-gzip", gzip.compress(PLAIN, mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", raw_deflate(PLAIN)),
    ],
)
def test_answers_are_decoded_whole_and_in_pieces(name: str | None, encoded: bytes) -> None:
    assert decode_answer(encoded, name) == PLAIN
    decoder = AnswerDecoder(name)
    assert b"".join(decoder.feed(bytes([byte])) for byte in encoded) == PLAIN


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_an_unknown_encoding_says_so(name: str) -> None:
    with pytest.raises(Undecodable):
        decode_answer(PLAIN, name)


def test_a_bomb_is_not_unpacked() -> None:
    decoder = AnswerDecoder("gzip", bytes_max=1_000)
    with pytest.raises(Undecodable, match="larger than the bound"):
        decoder.feed(gzip.compress(b"\0" * 10_000_000))


@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate", "identity", "br"]))
def test_any_bytes_are_decoded_or_refused(raw: bytes, name: str) -> None:
    try:
        decode_answer(raw, name)
    except Undecodable as refused:
        assert str(refused).startswith("the answer")  # noqa: PT017
