"""Tokens, counted by tiktoken from the carried encodings: no network, no shared code.

The bill must not prove itself: nothing of the proxy's own counting is used here.
"""

from base64 import b64decode
from functools import cache, lru_cache
from pathlib import Path

from tiktoken import Encoding
from tiktoken.model import encoding_name_for_model

ENCODINGS_DIR = Path(__file__).resolve().parent.parent / "config" / "data" / "encodings"
EXACT_BYTES_MAX = 256 * 1024
"""Longer texts are counted in slices: tiktoken takes seconds, or panics, on huge unbroken runs."""
SLICE_CHARACTERS = 8192

# Both patterns stand in tiktoken_ext/openai_public.py (MIT), inside functions that would fetch
# the ranks over the network.
_CL100K_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_O200K_PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_PATTERNS = {"cl100k_base": _CL100K_PATTERN, "o200k_base": _O200K_PATTERN}
_BASE_MODELS = ("babbage-002", "davinci-002")


@cache
def encoding(name: str) -> Encoding:
    """The encoding `cl100k_base` or `o200k_base`, read once from the carried file."""
    ranks = {}
    for line in (ENCODINGS_DIR / f"{name}.tiktoken").read_bytes().splitlines():
        token, rank = line.split()
        ranks[b64decode(token)] = int(rank)
    return Encoding(name, pat_str=_PATTERNS[name], mergeable_ranks=ranks, special_tokens={})


@lru_cache(maxsize=1024)
def encoding_name(model: str) -> str:
    """Which of the two encodings a model uses; the newer one for models tiktoken does not know."""
    bare = model.removeprefix("ft:")
    if bare.startswith(_BASE_MODELS):
        return "cl100k_base"
    try:
        name = encoding_name_for_model(bare)
    except KeyError:
        return "o200k_base"
    return "cl100k_base" if name == "cl100k_base" else "o200k_base"


def tokens_of(name: str, text: str) -> list[int]:
    """The token numbers of `text`; special tokens are read as plain text."""
    chosen = encoding(name)
    if len(text) * 4 <= EXACT_BYTES_MAX or len(text.encode()) <= EXACT_BYTES_MAX:
        return chosen.encode_ordinary(text)
    found: list[int] = []
    for start in range(0, len(text), SLICE_CHARACTERS):
        found += chosen.encode_ordinary(text[start : start + SLICE_CHARACTERS])
    return found


def count(name: str, text: str) -> int:
    """How many tokens `text` has in the encoding `name`."""
    if len(text) <= 4096:
        return _count_short(name, text)
    return len(tokens_of(name, text))


@lru_cache(maxsize=65_536)
def _count_short(name: str, text: str) -> int:
    return len(encoding(name).encode_ordinary(text))


def pieces(name: str, text: str) -> list[tuple[str, int]]:
    """`text` cut where its tokens end, each piece with its token count.

    Tokens that end inside a character are joined with the next, so every piece is whole text.
    """
    chosen = encoding(name)
    out: list[tuple[str, int]] = []
    pending, held = b"", 0
    for token in tokens_of(name, text):
        pending += chosen.decode_single_token_bytes(token)
        held += 1
        try:
            out.append((pending.decode(), held))
        except UnicodeDecodeError:
            continue
        pending, held = b"", 0
    return out
