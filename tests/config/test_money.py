"""Money enters as text, becomes an integer once, and comes back as the same amount."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.money import (
    NANO_MAX,
    MoneyError,
    ceil_div,
    cost_nano,
    exact_product,
    nano_to_usd,
    usd_text,
    usd_to_nano,
)


@given(st.integers(-NANO_MAX, NANO_MAX))
def test_every_amount_comes_back_from_its_text(nano: int) -> None:
    assert usd_to_nano(usd_text(nano)) == nano
    assert usd_to_nano(nano_to_usd(nano)) == nano


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0", 0),
        ("1", 1_000_000_000),
        ("0.000000001", 1),
        ("0.10", 100_000_000),
        ("1000", 10**12),
        ("9007199.254740991", NANO_MAX),
        ("-2.5", -2_500_000_000),
    ],
)
def test_amounts(text: str, nano: int) -> None:
    assert usd_to_nano(text) == nano


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "NaN",
        "sNaN",
        "Infinity",
        "0.0000000001",
        "1." + "0" * 40 + "1",
        "1e-9999999",
        "1e9999999",
        "9007199.254740992",
        "-9007199.254740992",
    ],
)
def test_what_cannot_be_kept_exactly_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        usd_to_nano(text)


@pytest.mark.parametrize("amount", [0.1, True])
def test_floats_and_truth_values_are_no_money(amount: float) -> None:
    with pytest.raises(MoneyError):
        usd_to_nano(amount)  # type: ignore[arg-type]


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_rounding_up_is_never_short_and_never_one_too_many(numerator: int, by: int) -> None:
    up = ceil_div(numerator, by)
    assert 0 <= Fraction(up) - Fraction(numerator, by) < 1


def test_a_token_below_a_nano_dollar_costs_one() -> None:
    assert cost_nano(1, 1) == 1
    assert cost_nano(0, 600_000_000_000) == 0
    assert cost_nano(1_000_000, 2_500_000_000) == 2_500_000_000


@given(st.decimals(allow_nan=True, allow_infinity=True), st.integers(1, 10**12))
def test_a_product_is_exact_or_none(value: Decimal, factor: int) -> None:
    product = exact_product(value, factor)
    if product is not None:
        assert Fraction(value) * factor == product


@pytest.mark.parametrize(
    ("nano", "text"),
    [(0, "0.00"), (1, "0.000000001"), (-1_500_000_000, "-1.50"), (10**12, "1000.00")],
)
def test_text_of_an_amount(nano: int, text: str) -> None:
    assert usd_text(nano) == text
