"""The deterministic writer: the same prompt gets the same answer, of an exact token count.

Every word stands as one token in both encodings, with and without a space before it, so N pieces
of prose are N tokens to whoever counts them again.
"""

from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Literal

from sandbox import counting

COMMON_WORDS = """
the a of to in is that it for on with as at by this we are be from or have an they which
one all their there been many some time very when much new would now over such our first
two may where most after before only other into than them could people work life day way
world part place year number point home water room mother area money story fact month lot
right study book eye job word business issue side kind head house service friend father
power hour game line end member law car city name team minute idea body information back
parent face level office door health person art war history party result change reason
research moment air teacher force education
"""
WORDS = COMMON_WORDS.split()
RING_TOKENS = 8192
NATURAL_TOKENS = (6, 12, 20, 32, 48, 64, 90, 130, 190, 300, 600)
"""Deciles of the natural answer length: most answers are short, some are long."""

Piece = tuple[str, int]
"""A piece of output and how many tokens it holds."""


def _ring() -> tuple[list[Piece], list[int]]:
    """Prose as pieces of one token each, and where its sentences start."""
    choose = Random(20240601)  # noqa: S311  (prose, not a secret)
    prose: list[Piece] = []
    starts: list[int] = []
    while len(prose) < RING_TOKENS:
        starts.append(len(prose))
        prose += [(f" {choose.choice(WORDS)}", 1) for _ in range(choose.randint(5, 14))]
        prose.append((".", 1))
    return prose, starts


_PROSE, _STARTS = _ring()
_LOOP = _PROSE + _PROSE


@dataclass(frozen=True, slots=True)
class Passage:
    """What one choice says: pieces that join to its text, and why it ended."""

    pieces: list[Piece]
    tokens: int
    finish: Literal["stop", "length"]
    reasoning_tokens: int = 0

    @property
    def text(self) -> str:
        """The whole visible text."""
        return "".join(piece for piece, _ in self.pieces)


def digest(*parts: str | bytes) -> int:
    """A number of 64 bits that depends on every part."""
    found = blake2b(digest_size=8)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return int.from_bytes(found.digest(), "big")


def natural_length(seed: int) -> int:
    """How many tokens an answer has that nobody limits."""
    place, rest = divmod(seed % 1000, 100)
    low, high = NATURAL_TOKENS[place], NATURAL_TOKENS[place + 1]
    return low + (high - low) * rest // 100


def prose(seed: int, tokens: int) -> list[Piece]:
    """`tokens` pieces of prose that start with a sentence."""
    if tokens <= 0:
        return []
    start = _STARTS[(seed >> 16) % len(_STARTS)]
    out = _LOOP[start : start + min(tokens, RING_TOKENS)]
    while len(out) < tokens:
        out += _PROSE[: tokens - len(out)]
    first, weight = out[0]
    out[0] = (first.lstrip(), weight)
    return out


def write(
    encoding: str,
    seed: int,
    *,
    length: int | None,
    ceiling: int,
    stop: tuple[str, ...] = (),
    given: str | None = None,
    reasoning_tokens: int = 0,
) -> Passage:
    """One choice: prose of `length` tokens (natural where None), or the `given` text.

    `ceiling` bounds reasoning and visible tokens together, as OpenAI's limits do; a text cut by
    it ends with `length`. The first stop sequence ends the text before it.
    """
    hidden = min(reasoning_tokens, ceiling)
    room = ceiling - hidden
    if given is None:
        wanted = natural_length(seed) if length is None else max(length - hidden, 0)
        whole = prose(seed, min(wanted, room))
        cut = wanted > room
    else:
        whole, cut = _fitting(counting.pieces(encoding, given), room)
    if stop:
        shortened = _before_stop(encoding, whole, stop)
        if shortened is not None:
            whole, cut = shortened, False
    if hidden < reasoning_tokens:
        cut = True
    visible = sum(weight for _, weight in whole)
    return Passage(whole, hidden + visible, "length" if cut else "stop", hidden)


def _fitting(whole: list[Piece], room: int) -> tuple[list[Piece], bool]:
    used = 0
    for index, (_, weight) in enumerate(whole):
        if used + weight > room:
            return whole[:index], True
        used += weight
    return whole, False


def _before_stop(encoding: str, whole: list[Piece], stop: tuple[str, ...]) -> list[Piece] | None:
    text = "".join(piece for piece, _ in whole)
    places = [place for place in (text.find(one) for one in stop) if place >= 0]
    return counting.pieces(encoding, text[: min(places)]) if places else None
