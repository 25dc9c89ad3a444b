"""Money as integers: nano-dollars, and prices in nano-dollars per million units.

No float stands on a money path. A dollar amount enters as text and becomes an
integer once; sums stay exact and are rounded up once per call.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NewType

Nano = NewType("Nano", int)
"""An amount of money in nano-dollars (10^-9 USD)."""

NanoPerMillion = NewType("NanoPerMillion", int)
"""A price: nano-dollars for one million units (tokens, characters, …)."""

NANO_PER_USD = 1_000_000_000
UNITS_PER_MILLION = 1_000_000
NANO_MAX = 2**53 - 1
"""The largest amount that Lua's numbers hold exactly: about 9.0 million USD."""


class MoneyError(ValueError):
    """A text that is not an amount of money we can keep exactly."""


_DIGITS_MAX = 40
"""Powers of ten beyond which a text is no amount, however exact."""


def usd_to_nano(amount: str | int | Decimal) -> Nano:
    """The amount in nano-dollars; raises `MoneyError` unless it is exact and below 2^53."""
    if isinstance(amount, bool | float):
        raise MoneyError(f"{amount!r} is not an exact amount: give it as text")
    try:
        value = Decimal(amount) if not isinstance(amount, Decimal) else amount
    except InvalidOperation:
        raise MoneyError(f"{amount!r} is not an amount in USD") from None
    if not value.is_finite():
        raise MoneyError(f"{amount!r} is not an amount in USD")
    if value.adjusted() > _DIGITS_MAX or abs(value) > nano_to_usd(NANO_MAX):
        raise MoneyError(f"{amount} USD is above the largest amount, {nano_to_usd(NANO_MAX)} USD")
    nano = exact_product(value, NANO_PER_USD)
    if nano is None:
        raise MoneyError(f"{amount} USD is finer than a nano-dollar")
    return Nano(nano)


def exact_product(value: Decimal, factor: Fraction | int) -> int | None:
    """`value * factor`, None where that is no whole number.

    Decimal's own arithmetic would round to 28 digits and so call an inexact amount exact.
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_DIGITS_MAX or value.adjusted() > _DIGITS_MAX:
        return None
    product = Fraction(value) * factor
    return product.numerator if product.denominator == 1 else None


def nano_to_usd(nano: int) -> Decimal:
    """The amount in USD, exact."""
    return Decimal(nano).scaleb(-9)


def usd_text(nano: int) -> str:
    """The amount in USD in plain decimal notation, at least two decimals, no more than needed."""
    sign = "-" if nano < 0 else ""
    whole, rest = divmod(abs(nano), NANO_PER_USD)
    decimals = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def ceil_div(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, rounded up."""
    return -(-numerator // denominator)


def cost_nano(units: int, price: int) -> Nano:
    """What `units` cost at `price` nano-dollars per million units, rounded up once."""
    return Nano(ceil_div(units * price, UNITS_PER_MILLION))
