"""Counts are tiktoken's, or the bytes where tiktoken cannot be asked."""

import threading
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from proxy import tokens
from proxy.tokens import EncodingDamaged, TokenCounter, encoding, encoding_name, off_loop
from tests.proxy.strategies import texts


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
def test_carried_encodings_are_those_of_tiktoken(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = encoding(name)
    asked: dict[str, str] = {}

    def no_network(_url: str, expected_hash: str) -> dict[bytes, int]:
        asked["sha256"] = expected_hash
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", no_network)
    theirs = openai_public.ENCODING_CONSTRUCTORS[name]()
    source = tokens._SOURCES[name]
    assert source.sha256 == asked["sha256"]
    assert source.pattern == theirs["pat_str"]
    assert source.special_tokens == theirs["special_tokens"]
    assert carried.decode(carried.encode_ordinary("Grüße 你好 😀")) == "Grüße 你好 😀"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "o200k_base"),
        ("gpt-5.4-mini", "o200k_base"),
        ("gpt-oss-120b", "o200k_base"),
        ("gpt-6.1-sol", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("ft:gpt-3.5-turbo:acme::x", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("davinci-002", "cl100k_base"),
        ("no-such-model", "o200k_base"),
        (None, "o200k_base"),
        ("text-davinci-003", None),
        ("gpt2", None),
    ],
)
def test_a_model_is_counted_in_its_own_encoding(model: str | None, name: str | None) -> None:
    assert encoding_name(model) == name


@given(texts, st.sampled_from(["gpt-4o", "gpt-4", "gpt2"]))
def test_a_count_is_tiktokens_or_the_bytes_and_never_above_the_bytes(text: str, model: str) -> None:
    counted = TokenCounter(model).count(text)
    name = encoding_name(model)
    exact = len(text.encode()) if name is None else len(encoding(name).encode_ordinary(text))
    assert counted == exact <= len(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        " " * 1_000_000,
        "a" * 1_000_000,
        "\n" * 300_000,
        "中" * 100_000,
        "!" * 9_000,
        "x" * 9_000,
        "\t" * 9_000,
        "word " * 60_000,
        "some words" * 3 + " " * 8_192 + "and more",
        "some words " * 3 + "é" * 8_192 + " and more",
        "some words " * 3 + "_-" * 4_096 + " and more",
    ],
    ids=[
        "spaces",
        "letters",
        "newlines",
        "chinese",
        "marks",
        "run",
        "tabs",
        "long prose",
        "blanks inside",
        "letters inside",
        "marks inside",
    ],
)
def test_texts_that_tiktoken_cannot_be_asked_count_their_bytes(text: str) -> None:
    assert TokenCounter("gpt-4o").count(text) == len(text.encode())


@pytest.mark.parametrize("run", [" " * 8_190, "é" * 8_191, "1" * 9_000, "a1" * 5_000])
def test_runs_that_tiktoken_can_be_asked_are_counted(run: str) -> None:
    text = f"some words {run}. And more"
    assert TokenCounter("gpt-4o").count(text) < len(text)


def test_the_texts_of_one_call_together_are_bounded_too() -> None:
    counter = TokenCounter("gpt-4o")
    text = "some words, again and again. " * 8_000
    counts = [counter.count(text) for _ in range(25)]
    assert counts[0] < len(text) / 4
    assert counts[-1] == len(text)


def test_special_tokens_in_a_text_are_ordinary_text() -> None:
    assert TokenCounter("gpt-4o").count("<|endoftext|>") > 1


def test_a_damaged_encoding_says_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_FOLDER", tmp_path)
    load = encoding.__wrapped__
    with pytest.raises(EncodingDamaged, match="install Purser again"):
        load("o200k_base")
    (tmp_path / "o200k_base.tiktoken").write_bytes(b"IQ== 0\n")
    with pytest.raises(EncodingDamaged, match="is damaged"):
        load("o200k_base")


async def test_long_inputs_are_counted_off_the_loop() -> None:
    here = threading.get_ident()
    assert await off_loop(100, threading.get_ident) == here
    assert await off_loop(100_000, threading.get_ident) != here


def test_preloading_loads_every_carried_encoding() -> None:
    tokens.preload()
    assert isinstance(encoding("cl100k_base"), tiktoken.Encoding)
