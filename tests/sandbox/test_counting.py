"""Counting: tiktoken's own count, from the carried files."""

import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from sandbox import counting


def test_models_and_their_encodings() -> None:
    for model in ("gpt-4o-mini", "gpt-5.4", "gpt-6-sol", "o3", "ft:gpt-4o-mini-2024-07-18:a::b"):
        assert counting.encoding_name(model) == "o200k_base"
    for model in ("gpt-4", "gpt-3.5-turbo-instruct", "text-embedding-3-small", "babbage-002"):
        assert counting.encoding_name(model) == "cl100k_base"


def test_every_mapped_encoding_is_carried() -> None:
    for model in tiktoken.model.MODEL_TO_ENCODING:
        assert counting.encoding(counting.encoding_name(model)).n_vocab > 100_000


@given(st.text(max_size=300))
def test_pieces_join_to_the_text_and_to_its_count(text: str) -> None:
    found = counting.pieces("cl100k_base", text)
    assert "".join(piece for piece, _ in found) == text
    assert sum(weight for _, weight in found) == counting.count("cl100k_base", text)


def test_a_special_token_is_plain_text() -> None:
    assert counting.count("o200k_base", "<|endoftext|>") > 1


def test_huge_unbroken_runs_are_counted_in_bounded_time() -> None:
    for text in (" " * 2_000_000, "a" * 1_000_000, "字" * 300_000):
        assert 0 < counting.count("o200k_base", text) <= len(text.encode())
