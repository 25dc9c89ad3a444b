"""The data that the project carries."""

import hashlib
from datetime import date

import pytest

from config.model_data import DATA_FILE, base_table, in_region, table_of, with_fees
from config.models import Fee, PriceKind
from config.money import Nano

TABLE = base_table()


def test_every_text_model_has_prices() -> None:
    assert len(TABLE.models) == 222
    for model in TABLE.models.values():
        if model.mode in {"chat", "responses", "completion", "embedding"}:
            assert model.price(PriceKind.INPUT) is not None, model.name
            assert model.price(PriceKind.OUTPUT) is not None, model.name


@pytest.mark.parametrize(
    ("name", "charged", "held"),
    [
        ("gpt-4o-transcribe", 2_500_000_000, 6_000_000_000),
        ("gpt-4o-transcribe-diarize", 2_500_000_000, 6_000_000_000),
        ("gpt-4o-mini-transcribe-2025-12-15", 1_250_000_000, 3_000_000_000),
    ],
)
def test_where_sources_disagree_the_dearer_price_is_held(
    name: str, charged: int, held: int
) -> None:
    model = TABLE.models[name]
    assert model.price(PriceKind.AUDIO_INPUT) == charged
    assert model.dearest([PriceKind.INPUT, PriceKind.AUDIO_INPUT], ["default"], 100) == held
    assert model.dearest([PriceKind.OUTPUT], ["default"], 100) == model.price(PriceKind.OUTPUT)


def test_long_inputs_never_cost_less() -> None:
    for model in TABLE.models.values():
        for by_tier in model.prices.values():
            for price in by_tier.values():
                for _, long in price.long:
                    assert price.base is not None
                    assert long >= price.base


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("chat-latest", True),
        ("daybreak-blue-latest", True),
        ("o3", True),
        ("gpt-5-chat", False),
        ("gpt-4.1", False),
        ("gpt-realtime-2", False),
        ("gpt-image-1", False),
    ],
)
def test_reasoning(name: str, reasons: bool) -> None:
    assert TABLE.models[name].is_reasoning is reasons


def test_a_region_costs_its_uplift_where_a_model_has_one() -> None:
    europe = in_region(TABLE, "eu")
    assert europe.models["gpt-5.5"].price(PriceKind.INPUT) == 5_500_000_000
    assert europe.models["gpt-5.5"].price(PriceKind.INPUT, "default", 300_000) == 11_000_000_000
    assert europe.models["gpt-4o"] == TABLE.models["gpt-4o"]
    assert europe.version != TABLE.version


def test_a_fee_holds_for_every_model() -> None:
    changed = with_fees(TABLE, {Fee.WEB_SEARCH: Nano(7)})
    assert {model.fee(Fee.WEB_SEARCH) for model in changed.models.values()} == {7}
    assert changed.models["gpt-4o"].fee(Fee.CODE_SESSION) == 30_000_000


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
        ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ],
)
def test_encodings_are_those_that_tiktoken_expects(name: str, sha256: str) -> None:
    raw = (DATA_FILE.parent / "encodings" / f"{name}.tiktoken").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == sha256


def test_a_data_file_may_know_prices_by_date() -> None:
    def prices(nano: int) -> dict[str, dict[str, dict[str, int]]]:
        return {"input": {"default": {"0": nano}}}

    entry = {
        "mode": "chat",
        "prices": prices(10),
        "changes": {"2027-01-01": prices(30), "2026-06-01": prices(20)},
        "uplift_mille": {"eu": 1_100},
    }
    table = table_of({"source": "by hand", "fees": {}, "models": {"m": entry}})
    days = (date(2026, 5, 31), date(2026, 6, 1), date(2027, 1, 1))
    for made, found in ((table, [10, 20, 30]), (in_region(table, "eu"), [11, 22, 33])):
        assert [made.models["m"].on(day).price(PriceKind.INPUT) for day in days] == found
