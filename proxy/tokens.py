"""Counting tokens: tiktoken from the carried encodings, bytes where tiktoken cannot be asked.

A byte-pair encoding never makes more tokens than a text has UTF-8 bytes, so bytes are an
upper bound for any tokenizer of the kind.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, TypeVar

import tiktoken
from tiktoken.model import encoding_name_for_model

from config.bounds import (
    INLINE_TIKTOKEN_BYTES_MAX,
    MIB,
    TEXT_TIKTOKEN_BYTES_MAX,
    UNBROKEN_RUN_CHARS_MAX,
)

TOTAL_BYTES_MAX: Final = 4 * MIB
"""Of all texts of one call: about two seconds of one core. What comes after counts as bytes."""

DEFAULT_ENCODING: Final = "o200k_base"
"""The encoding of every model since gpt-4o."""

_FOLDER: Final = Path(__file__).parent.parent / "config" / "data" / "encodings"

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Source:
    """Facts of `tiktoken_ext.openai_public`: what a ranks file alone does not say."""

    sha256: str
    pattern: str
    special_tokens: dict[str, int]


_SOURCES: Final = {
    "o200k_base": _Source(
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        "|".join(
            [
                r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*"""
                r"""[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
                r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"""
                r"""[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
                r"""\p{N}{1,3}""",
                r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
                r"""\s*[\r\n]+""",
                r"""\s+(?!\S)""",
                r"""\s+""",
            ]
        ),
        {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    ),
    "cl100k_base": _Source(
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"""
        r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
        {
            "<|endoftext|>": 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
}

_SAME_RANKS: Final = {"o200k_harmony": "o200k_base"}
"""Encodings that differ in special tokens alone, which `encode_ordinary` never makes."""

_UNBROKEN = re.compile(
    rf"[^\W\d_]{{{UNBROKEN_RUN_CHARS_MAX}}}"
    rf"|\s{{{UNBROKEN_RUN_CHARS_MAX}}}"
    rf"|(?:[^\w\s]|_){{{UNBROKEN_RUN_CHARS_MAX}}}"
)


class EncodingDamaged(Exception):
    """A carried ranks file is missing or not what its SHA-256 says: the installation is broken."""


def encoding_name(model: str | None) -> str | None:
    """The encoding a model's text is counted in; None where it is not carried: count bytes."""
    if model is None:
        return DEFAULT_ENCODING
    try:
        name = encoding_name_for_model(model.removeprefix("openai/"))
    except KeyError:
        return DEFAULT_ENCODING
    name = _SAME_RANKS.get(name, name)
    return name if name in _SOURCES else None


@cache
def encoding(name: str) -> tiktoken.Encoding:
    """A carried encoding, loaded at first use (about 0.4 s). Raises `EncodingDamaged`."""
    source = _SOURCES[name]
    path = _FOLDER / f"{name}.tiktoken"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncodingDamaged(f"{path}: {error.strerror}: install Purser again") from None
    if hashlib.sha256(content).hexdigest() != source.sha256:
        raise EncodingDamaged(f"{path} is damaged: install Purser again")
    ranks = {
        base64.b64decode(token): int(rank)
        for token, rank in (line.split() for line in content.splitlines())
    }
    return tiktoken.Encoding(
        name,
        pat_str=source.pattern,
        mergeable_ranks=ranks,
        special_tokens=source.special_tokens,
    )


@lru_cache(maxsize=4096)
def _count_short(name: str, text: str) -> int:
    return len(encoding(name).encode_ordinary(text))


class TokenCounter:
    """Counts the texts of one call, within the bounds on what tiktoken is asked."""

    def __init__(self, model: str | None) -> None:
        self._name = encoding_name(model)
        self._left_bytes = TOTAL_BYTES_MAX

    def count(self, text: str) -> int:
        """Exact where tiktoken can be asked, else the UTF-8 bytes: never too few."""
        if len(text) <= 32 and self._name is not None:
            return _count_short(self._name, text)
        size = len(text.encode("utf-8", "surrogatepass"))
        if self._name is None or size > min(TEXT_TIKTOKEN_BYTES_MAX, self._left_bytes):
            return size
        if size >= UNBROKEN_RUN_CHARS_MAX and _UNBROKEN.search(text):
            return size
        self._left_bytes -= size
        return len(encoding(self._name).encode_ordinary(text))


async def off_loop(
    size_bytes: int,
    work: Callable[[], _Result],
    inline_bytes_max: int = INLINE_TIKTOKEN_BYTES_MAX,
) -> _Result:
    """`work()`, in a thread where what it works on is larger than `inline_bytes_max`."""
    if size_bytes <= inline_bytes_max:
        return work()
    return await asyncio.to_thread(work)


def preload() -> None:
    """Load the carried encodings: called at start, so that no call waits for them."""
    for name in _SOURCES:
        encoding(name)
