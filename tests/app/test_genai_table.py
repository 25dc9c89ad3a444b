"""genai-prices' own objects become prices in integers."""

from app.genai_table import genai_table
from config.models import Fee, PriceKind


def test_prices_tiers_and_long_inputs() -> None:
    table = genai_table(["gpt-5.4", "gpt-4o", "no-such-model"])
    assert set(table.models) == {"gpt-5.4", "gpt-4o"}
    assert table.source.startswith("genai-prices-")
    model = table.models["gpt-5.4"]
    assert model.price(PriceKind.INPUT) == 2_500_000_000
    assert model.price(PriceKind.INPUT, "default", 272_001) == 5_000_000_000
    assert model.price(PriceKind.OUTPUT, "flex") == 7_500_000_000
    assert "default" in model.prices[PriceKind.CACHED]
    assert table.models["gpt-4o"].fee(Fee.FILE_SEARCH) == 2_500_000
