"""The script keeps every price exactly and loses none in silence."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.import_models import convert, convert_model, exact, main
from config.model_data import DATA_FILE
from config.rates import price_from_usd

CARRIED: dict[str, Any] = json.loads(DATA_FILE.read_bytes())["models"]

SEARCH = {f"search_context_size_{size}": 0.01 for size in ("high", "low", "medium")}
AS_PUBLISHED: dict[str, dict[str, Any]] = {
    "gpt-5-nano": {
        "cache_read_input_token_cost": 5e-09,
        "cache_read_input_token_cost_batches": 2.5e-09,
        "cache_read_input_token_cost_flex": 2.5e-09,
        "input_cost_per_token": 5e-08,
        "input_cost_per_token_batches": 2.5e-08,
        "input_cost_per_token_flex": 2.5e-08,
        "input_cost_per_token_priority": 2.5e-06,
        "max_input_tokens": 272000,
        "max_output_tokens": 128000,
        "max_tokens": 128000,
        "mode": "chat",
        "output_cost_per_token": 4e-07,
        "output_cost_per_token_batches": 2e-07,
        "output_cost_per_token_flex": 2e-07,
        "search_context_cost_per_query": SEARCH,
        "supported_modalities": ["text", "image"],
    },
    "text-embedding-3-small": {
        "input_cost_per_token": 2e-08,
        "input_cost_per_token_batches": 1e-08,
        "max_input_tokens": 8191,
        "mode": "embedding",
        "output_cost_per_token": 0.0,
        "output_cost_per_token_batches": 0.0,
        "output_vector_size": 1536,
    },
    "high/1024-x-1024/gpt-image-1": {
        "deprecation_date": "2026-10-23",
        "input_cost_per_image": 0.167,
        "input_cost_per_pixel": 1.59263611e-07,
        "mode": "image_generation",
        "output_cost_per_pixel": 0.0,
    },
    "gpt-live-1": {"input_cost_per_second": 0.000833333333333, "mode": "realtime"},
}


@pytest.mark.parametrize("name", ["gpt-5-nano", "text-embedding-3-small"])
def test_models_as_published_become_what_is_carried(name: str) -> None:
    assert convert_model(name, AS_PUBLISHED[name]) == CARRIED[name]


@pytest.mark.parametrize(
    ("name", "kind", "price"),
    [
        ("gpt-5-nano", "cached", 2_500_000),
        ("high/1024-x-1024/gpt-image-1", "pixel_input", 159_263_611),
        ("gpt-live-1", "second_input", 833_333_333_333),
    ],
)
def test_prices_finer_than_a_nano_dollar_are_exact(name: str, kind: str, price: int) -> None:
    tier = "flex" if kind == "cached" else "default"
    assert convert_model(name, AS_PUBLISHED[name])["prices"][kind][tier]["0"] == price
    assert CARRIED[name]["prices"][kind][tier]["0"] == price


@given(st.integers(0, 10**12))
def test_a_float_price_is_what_its_author_typed(nano_per_million: int) -> None:
    typed = f"{nano_per_million}e-15"
    assert price_from_usd(exact(float(typed)), 1) == nano_per_million


@pytest.mark.parametrize(
    "entry",
    [
        {"mode": "chat", "output_cost_per_dream": 1.0},
        {"mode": "chat", "input_cost_per_token_turbo": 1.0},
        {"mode": "chat", "input_cost_per_token": 1e-16},
        {"mode": "chat", "input_cost_per_token": -1.0},
    ],
)
def test_a_cost_that_is_unknown_or_inexact_stops_it(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        convert_model("gpt-x", entry)


def test_fees_stand_beside_the_models() -> None:
    container = {"mode": "chat", "code_interpreter_cost_per_session": 0.03}
    made = convert({**AS_PUBLISHED, "openai/container": container}, "a map")
    assert made["fees"] == {
        "web_search": 10_000_000,
        "file_search": 2_500_000,
        "code_session": 30_000_000,
    }
    assert "openai/container" not in made["models"]


def test_the_command_writes_a_file_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "map.json", tmp_path / "out.json"
    container = {"mode": "chat", "code_interpreter_cost_per_session": 0.03}
    source.write_text(json.dumps({**AS_PUBLISHED, "openai/container": container}))
    assert main([str(source), "--out", str(out)]) == 0
    assert json.loads(out.read_text())["models"]["gpt-5-nano"] == CARRIED["gpt-5-nano"]
    source.write_text("{")
    assert main([str(source), "--out", str(out)]) == 1
    assert str(source) in capsys.readouterr().err
