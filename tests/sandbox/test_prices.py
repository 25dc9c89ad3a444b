"""Costs, written like a price list: each kind at its price, the sum rounded up once."""

import pytest

from config.model_data import base_table
from sandbox.prices import provider_nano
from sandbox.usage import Units


@pytest.mark.parametrize(
    ("model", "tier", "units", "expected"),
    [
        # 0.15 + 0.60 USD per million
        ("gpt-4o-mini", "default", Units(input_tokens=10, output_tokens=20), 1_500 + 12_000),
        # cached at 0.075 USD per million
        ("gpt-4o-mini", "default", Units(input_tokens=10, cached_tokens=4), 900 + 300),
        # priority 0.25 + 1.00 USD per million
        ("gpt-4o-mini", "priority", Units(input_tokens=10, output_tokens=20), 2_500 + 20_000),
        # a tier without a price of its own is billed as default
        ("gpt-4o-mini", "flex", Units(input_tokens=10), 1_500),
        # reasoning is billed as output: 4.40 USD per million
        ("o3-mini", "default", Units(output_tokens=10, reasoning_tokens=8), 44_000),
        # long input: 5.00 and 22.50 instead of 2.50 and 15.00 USD per million
        ("gpt-5.4", "default", Units(input_tokens=272_000, output_tokens=1), 680_015_000),
        ("gpt-5.4", "default", Units(input_tokens=272_001, output_tokens=1), 1_360_027_500),
        # cache writes at 2.50 USD per million, reads at 0.20, plain input at 2.00
        (
            "gpt-6-sol",
            "default",
            Units(input_tokens=30, cached_tokens=10, cache_write_tokens=10),
            20_000 + 2_000 + 25_000,
        ),
        ("text-embedding-3-small", "default", Units(input_tokens=3), 60),
    ],
)
def test_a_bill(model: str, tier: str, units: Units, expected: int) -> None:
    found = base_table().resolve(model)
    assert found is not None
    assert provider_nano(found, units, tier) == expected
