"""The agent rate card: what a thousand tokens of each agent type cost its budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from config.money import NANO_PER_USD, UNITS_PER_MILLION, MoneyError, NanoPerMillion, exact_product
from config.rules import UNATTRIBUTED

DEFAULT_RATES_USD_PER_1K: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "CONTENT": Decimal("0.04"),
        "SEO": Decimal("0.03"),
        "EMAIL": Decimal("0.05"),
        "SOCIAL": Decimal("0.03"),
        "SUPPORT": Decimal("0.04"),
        "AD": Decimal("0.06"),
        "OUTREACH": Decimal("0.04"),
        "TREND": Decimal("0.03"),
        "INSIGHT": Decimal("0.05"),
        "DESIGN": Decimal("0.07"),
        "BRAND_VOICE": Decimal("0.04"),
        "GOAL_PLANNER": Decimal("0.05"),
        "PATTERN_MINER": Decimal("0.04"),
        "SEGMENT_ANALYZER": Decimal("0.05"),
    }
)
AGENT_TYPES: Final = tuple(DEFAULT_RATES_USD_PER_1K)
"""The agent types in their canonical spelling."""
DEFAULT_UNATTRIBUTED_USD_PER_1K: Final = Decimal("0.07")

PRICE_MAX: Final = 2**53 - 1
"""Prices stay below 2^53 nano-dollars per million units, as amounts do."""

_CANONICAL: Final = {agent.casefold(): agent for agent in AGENT_TYPES}


def canonical_agent(text: str) -> str | None:
    """The agent type that `text` names in any case; None when there is none."""
    return _CANONICAL.get(text.casefold())


def price_from_usd(usd: Decimal, units: int) -> NanoPerMillion:
    """A price of `usd` for `units` units; raises `MoneyError` where it is not kept exactly."""
    if not usd.is_finite() or usd < 0:
        raise MoneyError(f"{usd} is not a price")
    if usd.adjusted() > 9:
        raise MoneyError(f"{usd} USD for {units:,} units is above the largest price")
    price = exact_product(usd, Fraction(NANO_PER_USD * UNITS_PER_MILLION, units))
    if price is None:
        raise MoneyError(
            f"{usd} USD for {units:,} units is finer than a nano-dollar for a million units"
        )
    if price > PRICE_MAX:
        raise MoneyError(f"{usd} USD for {units:,} units is above the largest price")
    return NanoPerMillion(price)


@dataclass(frozen=True, slots=True)
class RateCard:
    """Rates in nano-dollars per million tokens, input and output alike."""

    rates: Mapping[str, NanoPerMillion]
    unattributed: NanoPerMillion

    def rate(self, agent: str) -> NanoPerMillion:
        """The rate of an agent type in any case; of everything else, the unattributed rate."""
        if agent == UNATTRIBUTED:
            return self.unattributed
        return self.rates.get(canonical_agent(agent) or "", self.unattributed)

    @classmethod
    def from_usd_per_1k(cls, rates: Mapping[str, Decimal], unattributed: Decimal) -> "RateCard":
        """A card from dollars per thousand tokens; raises `MoneyError` for an inexact one."""
        return cls(
            MappingProxyType({agent: price_from_usd(usd, 1_000) for agent, usd in rates.items()}),
            price_from_usd(unattributed, 1_000),
        )
