"""Agent rates, model prices and what a call would cost."""

from dataclasses import dataclass

from config.settings import Loaded


@dataclass(frozen=True, slots=True)
class RateRow:
    """One agent type's rate, nano-dollars for 1,000 tokens."""

    agent: str
    nano_per_1k: int
    source: str
    """`config/purser.yaml:31`, `environment …` or `default`."""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price of a model: nano-dollars per million units of a kind, in a tier."""

    kind: str
    tier: str
    nano_per_million: int
    above_input_tokens: int
    """A long-context price applies above so many input tokens; 0: the plain price."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model. `mode` as the table says: chat, embedding, image_generation …"""

    name: str
    mode: str
    max_input_tokens: int | None
    max_output_tokens: int | None
    prices: tuple[PriceRow, ...]
    source: str
    """`price table` or where an override stands."""


@dataclass(frozen=True, slots=True)
class RateCardView:
    """The whole section."""

    basis: str
    rates: tuple[RateRow, ...]
    """Rate card order; unattributed last."""
    models: tuple[ModelRow, ...]
    version: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a call would be charged under each basis, nano-dollars. None: no price is known."""

    agent_rate_nano: int
    provider_nano: int | None
    charged_nano: int | None
    """Under the basis in force."""
    basis: str


def rate_card(loaded: Loaded) -> RateCardView:
    """Rates and prices in force."""
    raise NotImplementedError


def what_if(
    loaded: Loaded, agent: str, model: str, input_tokens: int, output_tokens: int,
    cached_tokens: int = 0, tier: str = "default",
) -> WhatIf:  # fmt: skip
    """The charge of one call, rounded up once as settlement does."""
    raise NotImplementedError
