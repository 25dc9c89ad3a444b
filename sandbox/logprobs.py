"""Log probabilities in OpenAI's shapes: deterministic, and made up like the text."""

from typing import Any

from sandbox.text import WORDS, Passage, digest


def chat_logprobs(encoding: str, passage: Passage, top: int) -> list[dict[str, Any]]:
    """One entry a piece, each with `top` alternatives, the piece itself first."""
    return [_entry(encoding, piece, top) for piece, _ in passage.pieces]


def legacy_logprobs(encoding: str, passage: Passage, top: int, offset: int) -> dict[str, Any]:
    """The parallel lists of `/v1/completions`; `offset` is where the text begins, characters."""
    entries = chat_logprobs(encoding, passage, top)
    offsets = []
    for entry in entries:
        offsets.append(offset)
        offset += len(entry["token"])
    return {
        "tokens": [entry["token"] for entry in entries],
        "token_logprobs": [entry["logprob"] for entry in entries],
        "top_logprobs": [
            {one["token"]: one["logprob"] for one in entry["top_logprobs"]} for entry in entries
        ],
        "text_offset": offsets,
    }


def _entry(encoding: str, piece: str, top: int) -> dict[str, Any]:
    seed = digest(encoding, piece)
    logprob = -((seed % 5000) + 1) / 10_000
    others = [
        _one(f" {WORDS[(seed + place) % len(WORDS)]}", logprob - 1.5 - place)
        for place in range(1, top)
    ]
    own = _one(piece, logprob)
    return {**own, "top_logprobs": [own, *others] if top else []}


def _one(piece: str, logprob: float) -> dict[str, Any]:
    return {"token": piece, "logprob": logprob, "bytes": list(piece.encode())}
