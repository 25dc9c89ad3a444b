"""Prompts: what each part counts, and what of a long one was cached."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.model_data import base_table
from sandbox import counting
from sandbox.errors import ApiError
from sandbox.prompt import CACHE_MIN, CACHE_STEP, PrefixCache, Prompt

WORD = " word"


def prompt(name: str, words: int = 0) -> Prompt:
    model = base_table().resolve(name)
    assert model is not None
    found = Prompt(model, counting.encoding_name(name))
    found.add_text(WORD * words)
    return found


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_cached_is_the_longest_known_start_in_whole_steps(lengths: list[int]) -> None:
    cache, longest = PrefixCache(), 0
    for words in lengths:
        cached, written = cache.read(prompt("gpt-4o-mini", words), "")
        here = words // CACHE_STEP * CACHE_STEP if words >= CACHE_MIN else 0
        assert cached == min(longest, here)
        assert written == 0
        longest = max(longest, here)


def test_writing_is_counted_for_models_that_bill_it() -> None:
    cache = PrefixCache()
    assert cache.read(prompt("gpt-6-sol", 1300), "") == (0, 1280)
    assert cache.read(prompt("gpt-6-sol", 2000), "") == (1280, 640)
    assert cache.read(prompt("gpt-6-sol", 2000), "") == (1920, 0)


def test_models_and_cache_keys_are_kept_apart() -> None:
    cache = PrefixCache()
    for name, key in (("gpt-4o", ""), ("gpt-4o", "tenant"), ("gpt-4.1", "")):
        assert cache.read(prompt(name, 1100), key) == (0, 0)
        assert cache.read(prompt(name, 1100), key) == (1024, 0)


def test_audio_counts_by_its_length_and_at_its_own_price() -> None:
    second = base64.b64encode(bytes(48_000)).decode()
    part = {"type": "input_audio", "input_audio": {"data": second, "format": "wav"}}
    heard = prompt("gpt-audio")
    heard.add_part("part", part)
    assert (heard.tokens, heard.audio_tokens) == (10, 10)
    with pytest.raises(ApiError):
        prompt("gpt-4o").add_part("part", part)


@pytest.mark.parametrize(("data", "tokens"), [(b"hello world", 2), (b"\xff" * 9, 3)])
def test_a_file_counts_as_its_text_or_by_its_bytes(data: bytes, tokens: int) -> None:
    packed = base64.b64encode(data).decode()
    for part in (
        {"type": "file", "file": {"filename": "a", "file_data": packed}},
        {"type": "input_file", "file_data": f"data:text/plain;base64,{packed}"},
    ):
        read = prompt("gpt-4o")
        read.add_part("part", part)
        assert read.tokens == tokens


@pytest.mark.parametrize(
    "part",
    [
        5,
        {},
        {"type": "text"},
        {"type": "text", "text": 5},
        {"type": "image_url", "image_url": "https://example.com"},
        {"type": "input_image"},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"file_data": "*"}},
    ],
)
def test_a_bad_part_is_refused(part: object) -> None:
    with pytest.raises(ApiError):
        prompt("gpt-4o").add_part("part", part)
