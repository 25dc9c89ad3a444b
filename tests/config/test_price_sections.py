"""Prices that ops know better than the carried table."""

from datetime import date

import pytest

from config.models import Fee, PriceKind
from config.money import usd_to_nano
from tests.config.helpers import loaded, problems


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


DATED = """
prices:
  overrides:
    gpt-4o:
      from: 2026-12-01
      input_usd_per_1m: 2
      changes:
        - {from: 2027-03-01, output_usd_per_1m: 8, tiers: {priority: {input_usd_per_1m: 3}}}
        - {from: 2027-01-01, input_usd_per_1m: 1}
"""


@pytest.mark.parametrize(
    ("day", "input_usd", "output_usd", "priority_usd"),
    [
        ("2026-11-30", "2.5", "10", "4.25"),
        ("2026-12-01", "2", "10", "4.25"),
        ("2026-12-31", "2", "10", "4.25"),
        ("2027-01-01", "1", "10", "4.25"),
        ("2027-03-01", "1", "8", "3"),
        ("2031-01-01", "1", "8", "3"),
    ],
)
def test_prices_change_on_their_day(
    day: str, input_usd: str, output_usd: str, priority_usd: str
) -> None:
    model = loaded(DATED).models.models["gpt-4o"].on(date.fromisoformat(day))
    found = (
        model.price(PriceKind.INPUT),
        model.price(PriceKind.OUTPUT),
        model.price(PriceKind.INPUT, "priority"),
    )
    assert found == tuple(usd_to_nano(usd) for usd in (input_usd, output_usd, priority_usd))


def test_a_charge_tells_since_when_its_price_was_in_force() -> None:
    table = loaded(DATED).models
    model = table.models["gpt-4o"]
    assert table.version_of(model.on(date(2026, 11, 30))) == table.version
    assert table.version_of(model.on(date(2027, 2, 1))) == f"{table.version}@2027-01-01"
    assert table.version_of(None) == table.version


def test_an_override_without_a_day_holds_before_and_after_every_change() -> None:
    text = "prices: {overrides: {gpt-4o: {output_usd_per_1m: 9, changes: [CHANGE]}}}"
    change = "{from: 2027-01-01, input_usd_per_1m: 1}"
    model = loaded(text.replace("CHANGE", change)).models.models["gpt-4o"]
    for day in (date(2026, 1, 1), date(2027, 1, 1)):
        assert model.on(day).price(PriceKind.OUTPUT) == usd_to_nano("9")


def test_a_new_model_has_no_price_before_its_day() -> None:
    text = "prices: {overrides: {gpt-x: {from: 2027-01-01, input_usd_per_1m: 1}}}"
    model = loaded(text).models.models["gpt-x"]
    assert model.on(date(2026, 12, 31)).price(PriceKind.INPUT) is None
    assert model.on(date(2027, 1, 1)).price(PriceKind.INPUT) == usd_to_nano("1")


def test_a_change_of_a_later_price_is_another_table() -> None:
    other = DATED.replace("output_usd_per_1m: 8", "output_usd_per_1m: 7")
    assert loaded(DATED).models.version != loaded(other).models.version
    assert loaded(DATED).digest != loaded(other).digest


@pytest.mark.parametrize(
    ("change", "place", "allowed"),
    [
        ("{input_usd_per_1m: 1}", "changes[0].from", "a value"),
        ("{from: soon, input_usd_per_1m: 1}", "changes[0].from", "a day like 2026-01-31"),
        ("{from: 20270101}", "changes[0].from", "a day like 2026-01-31"),
        ("{from: 2027-02-30}", "changes[0].from", "a day like 2026-01-31"),
        ("{from: 2027-01-01}, {from: 2027-01-01}", "changes", "a different `from`"),
        ("{form: 2027-01-01}", "changes[0].form", 'did you mean "from"'),
    ],
)
def test_what_is_wrong_with_a_day_is_told(change: str, place: str, allowed: str) -> None:
    found = problems(f"prices: {{overrides: {{gpt-4o: {{changes: [{change}]}}}}}}")
    assert any(p.place.endswith(place) and allowed in p.allowed for p in found), found


def test_the_report_shows_the_day_under_its_name() -> None:
    assert "prices.overrides.gpt-4o.from" in loaded(DATED).origins


def test_prices_by_the_unit_are_for_one_image_second_or_character() -> None:
    models = loaded(
        "prices: {overrides: {painter: {mode: image_generation, image_usd: 0.04},"
        " hearer: {audio_second_usd: 0.0001}, speaker: {character_usd_per_1m: 15}}}"
    ).models
    painter, hearer, speaker = (models.models[name] for name in ("painter", "hearer", "speaker"))
    assert painter.price(PriceKind.IMAGE) == 40_000_000 * 10**6
    assert hearer.price(PriceKind.SECOND_INPUT) == 100_000 * 10**6
    assert speaker.price(PriceKind.CHARACTER_INPUT) == 15 * 10**9
