"""Counting tokens: tiktoken from the carried encodings, bytes where tiktoken cannot be asked.

A byte-pair encoding never makes more tokens than a text has UTF-8 bytes, so bytes are an
upper bound for any tokenizer of the kind.
"""

import asyncio
import binascii
import hashlib
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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

NICENESS: Final = 5
"""Of these threads: on a busy core they get a quarter of what the event loop gets, so that a
large prompt waits for small calls rather than they for it."""

WORKERS: Final = 2
"""Threads for large bodies. The event loop competes with each of them for the interpreter, so
more would slow everybody's calls down; two, so that one long text does not stop all others."""


def _yield_to_others() -> None:
    # On Linux a thread has a priority of its own; elsewhere it would be the whole process's.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


_workers = ThreadPoolExecutor(WORKERS, "large-body", _yield_to_others)


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

_BLANK_RUN = re.compile(rf"\s{{{UNBROKEN_RUN_CHARS_MAX}}}")
_SOLID_RUN = re.compile(
    rf"[^\W\d_]{{{UNBROKEN_RUN_CHARS_MAX}}}|(?:[^\w\s]|_){{{UNBROKEN_RUN_CHARS_MAX}}}"
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
    """A carried encoding, loaded at first use (about 0.3 s). Raises `EncodingDamaged`."""
    source = _SOURCES[name]
    path = _FOLDER / f"{name}.tiktoken"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncodingDamaged(f"{path}: {error.strerror}: install Purser again") from None
    if hashlib.sha256(content).hexdigest() != source.sha256:
        raise EncodingDamaged(f"{path} is damaged: install Purser again")
    # Each line is a token and its rank. Without a loop of Python's it takes half as long.
    words = content.split()
    ranks = dict(zip(map(binascii.a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
    return tiktoken.Encoding(
        name,
        pat_str=source.pattern,
        mergeable_ranks=ranks,
        special_tokens=source.special_tokens,
    )


@lru_cache(maxsize=4096)
def _count_short(name: str, text: str) -> int:
    return len(encoding(name).encode_ordinary(text))


def is_unbroken(text: str) -> bool:
    """Whether a run of one kind of characters is so long that tiktoken would take its square."""
    # The patterns are slow and let no other thread run: few texts need them. A run of blanks
    # that is long enough fills at least one half of its length, counted from the start.
    half = UNBROKEN_RUN_CHARS_MAX // 2
    halves = (text[at : at + half] for at in range(0, len(text), half))
    if any(map(str.isspace, halves)) and _BLANK_RUN.search(text):
        return True
    longest = max(map(len, text.split()), default=0)
    return longest >= UNBROKEN_RUN_CHARS_MAX and _SOLID_RUN.search(text) is not None


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
        if size >= UNBROKEN_RUN_CHARS_MAX and is_unbroken(text):
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
    return await asyncio.get_running_loop().run_in_executor(_workers, work)


def preload() -> None:
    """Load the carried encodings: called at start, so that no call waits for them."""
    for name in _SOURCES:
        encoding(name)
