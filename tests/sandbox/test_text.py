"""The writer: for any prompt and length, N pieces are N tokens to whoever counts them again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import counting, text

ENCODINGS = ("o200k_base", "cl100k_base")


def test_every_word_is_one_token_in_both_encodings() -> None:
    for name in ENCODINGS:
        encoding = counting.encoding(name)
        for word in text.WORDS:
            assert len(encoding.encode_ordinary(word)) == 1
            assert len(encoding.encode_ordinary(f" {word}")) == 1


@given(st.sampled_from(ENCODINGS), st.integers(0, 2**64 - 1), st.integers(0, 20_000))
@settings(max_examples=50, deadline=None)
def test_prose_has_exactly_its_tokens(encoding: str, seed: int, length: int) -> None:
    passage = text.write(encoding, seed, length=length, ceiling=10**6)
    assert passage.tokens == length
    assert len(counting.encoding(encoding).encode_ordinary(passage.text)) == length


@given(st.integers(0, 2**64 - 1), st.integers(0, 700), st.integers(0, 700), st.integers(0, 200))
def test_nothing_exceeds_the_ceiling(seed: int, length: int, ceiling: int, hidden: int) -> None:
    passage = text.write(
        "o200k_base", seed, length=length, ceiling=ceiling, reasoning_tokens=hidden
    )
    assert passage.reasoning_tokens <= passage.tokens <= ceiling
    wanted = max(length, hidden)
    assert passage.finish == ("length" if wanted > ceiling else "stop")


@given(st.text(max_size=200), st.integers(0, 50))
def test_given_text_comes_in_whole_characters(given_text: str, ceiling: int) -> None:
    passage = text.write("o200k_base", 1, length=None, ceiling=ceiling, given=given_text)
    assert passage.tokens <= ceiling
    assert given_text.startswith(passage.text)
    if passage.finish == "stop":
        assert passage.text == given_text


def test_lengths_spread_like_real_answers() -> None:
    lengths = sorted(text.natural_length(text.digest(str(number))) for number in range(2000))
    assert 40 < lengths[1000] < 90
    assert lengths[1900] > 250
    assert lengths[0] >= text.NATURAL_TOKENS[0]
