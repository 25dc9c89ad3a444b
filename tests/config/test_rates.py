"""The rate card: fourteen agent types, and one rate for everybody else."""

from decimal import Decimal

import pytest

from config.money import MoneyError
from config.rates import (
    AGENT_TYPES,
    DEFAULT_RATES_USD_PER_1K,
    DEFAULT_UNATTRIBUTED_USD_PER_1K,
    RateCard,
    canonical_agent,
    price_from_usd,
)

CARD = RateCard.from_usd_per_1k(DEFAULT_RATES_USD_PER_1K, DEFAULT_UNATTRIBUTED_USD_PER_1K)


@pytest.mark.parametrize(
    ("agent", "usd_per_million"),
    [
        ("CONTENT", 40),
        ("seo", 30),
        ("Brand_Voice", 40),
        ("DESIGN", 70),
        ("unattributed", 70),
        ("nobody", 70),
    ],
)
def test_rates(agent: str, usd_per_million: int) -> None:
    assert CARD.rate(agent) == usd_per_million * 10**9


def test_there_are_fourteen_types() -> None:
    assert len(AGENT_TYPES) == 14
    assert canonical_agent("goal_planner") == "GOAL_PLANNER"
    assert canonical_agent("unattributed") is None


@pytest.mark.parametrize(
    "usd", ["-1", "NaN", "1e10", "1e99999999", "0.0000000000001", "9999999999"]
)
def test_a_price_that_is_not_kept_exactly_is_refused(usd: str) -> None:
    with pytest.raises(MoneyError):
        price_from_usd(Decimal(usd), 1_000)


def test_the_finest_price() -> None:
    assert price_from_usd(Decimal("0.000000000001"), 1_000) == 1
