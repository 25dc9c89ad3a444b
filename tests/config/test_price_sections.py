"""Prices that ops know better than the carried table."""

import pytest

from config.models import Fee, PriceKind
from tests.config.helpers import loaded


def test_a_new_model() -> None:
    text = """
prices:
  overrides:
    gpt-x:
      input_usd_per_1m: "1.25"
      cached_input_usd_per_1m: 0.125
      output_usd_per_1m: 10
      max_input_tokens: 272000
      max_output_tokens: 128000
      tiers: {flex: {input_usd_per_1m: 0.625}}
"""
    model = loaded(text).models.resolve("gpt-x")
    assert model is not None
    assert model.price(PriceKind.INPUT) == 1_250_000_000
    assert model.price(PriceKind.CACHED) == 125_000_000
    assert model.price(PriceKind.INPUT, "flex") == 625_000_000
    assert model.price(PriceKind.OUTPUT, "flex") == 10_000_000_000
    assert (model.max_input_tokens, model.max_output_tokens) == (272_000, 128_000)
    assert model.mode == "chat"
    assert not model.is_reasoning


def test_what_is_not_given_stays_as_in_the_table() -> None:
    made = loaded("prices: {overrides: {gpt-4o: {input_usd_per_1m: 2, is_reasoning: true}}}")
    model = made.models.models["gpt-4o"]
    assert model.price(PriceKind.INPUT) == 2_000_000_000
    assert model.price(PriceKind.INPUT, "priority") == 4_250_000_000
    assert model.price(PriceKind.OUTPUT) == 10_000_000_000
    assert model.max_output_tokens == 16_384
    assert model.is_reasoning


def test_a_snapshot_starts_from_its_base() -> None:
    made = loaded("prices: {overrides: {gpt-4o-2031-01-01: {output_usd_per_1m: 1}}}")
    model = made.models.resolve("gpt-4o-2031-01-01")
    assert model is not None
    assert model.name == "gpt-4o-2031-01-01"
    assert model.price(PriceKind.INPUT) == 2_500_000_000
    assert model.price(PriceKind.OUTPUT) == 1_000_000_000


@pytest.mark.parametrize(
    ("text", "usd_per_million"),
    [
        ("", "5"),
        ("upstream: {url: 'https://eu.api.openai.com/v1'}", "5.5"),
        ("upstream: {url: 'https://eu.api.openai.com/v1'}\nprices: {region: none}", "5"),
        ("prices: {region: us}", "5.5"),
        ("upstream: {url: 'https://proxy.example/v1'}", "5"),
    ],
)
def test_a_region_is_seen_from_the_address(text: str, usd_per_million: str) -> None:
    price = loaded(text).models.models["gpt-5.5"].price(PriceKind.INPUT)
    assert price == round(float(usd_per_million) * 10**9)


def test_fees() -> None:
    made = loaded("prices: {fees: {file_search_usd: 0.01}}")
    assert made.models.models["gpt-4o"].fee(Fee.FILE_SEARCH) == 10_000_000


def test_prices_by_the_unit_are_for_one_image_second_or_character() -> None:
    models = loaded(
        "prices: {overrides: {painter: {mode: image_generation, image_usd: 0.04},"
        " hearer: {audio_second_usd: 0.0001}, speaker: {character_usd_per_1m: 15}}}"
    ).models
    painter, hearer, speaker = (models.models[name] for name in ("painter", "hearer", "speaker"))
    assert painter.price(PriceKind.IMAGE) == 40_000_000 * 10**6
    assert hearer.price(PriceKind.SECOND_INPUT) == 100_000 * 10**6
    assert speaker.price(PriceKind.CHARACTER_INPUT) == 15 * 10**9
