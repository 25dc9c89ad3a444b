"""Agent rates, model prices and what a call would cost."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from budget.charge import Pricing, amounts
from config.models import DEFAULT_TIER, Model
from config.origins import DEFAULT
from config.rules import UNATTRIBUTED
from config.settings import Loaded
from storage.records import Usage


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
    charging = "charging.agent_rates_usd_per_1k"
    rates = [
        RateRow(agent, rate // 1000, str(loaded.origins.get(f"{charging}.{agent}", DEFAULT)))
        for agent, rate in loaded.rates.rates.items()
    ]
    origin = loaded.origins.get("charging.unattributed_usd_per_1k", DEFAULT)
    rates.append(RateRow(UNATTRIBUTED, loaded.rates.unattributed // 1000, str(origin)))
    today = datetime.now(UTC).date()
    models = [_model(loaded, model.on(today)) for _, model in sorted(loaded.models.models.items())]
    return RateCardView(
        loaded.settings.charging.basis, tuple(rates), tuple(models), loaded.models.version
    )


def _model(loaded: Loaded, model: Model) -> ModelRow:
    prices: list[PriceRow] = []
    for kind, by_tier in model.prices.items():
        for tier, price in by_tier.items():
            if price.base is not None:
                prices.append(PriceRow(kind.value, tier, price.base, 0))
            prices += [PriceRow(kind.value, tier, nano, above) for above, nano in price.long]
    prefix = f"prices.overrides.{model.name}."
    stated = [str(at) for place, at in loaded.origins.items() if place.startswith(prefix)]
    return ModelRow(
        model.name,
        model.mode,
        model.max_input_tokens,
        model.max_output_tokens,
        tuple(sorted(prices, key=lambda p: (p.kind, p.tier != DEFAULT_TIER, p.tier))),
        min(stated, default=loaded.models.source),
    )


def what_if(
    loaded: Loaded, agent: str, model: str, input_tokens: int, output_tokens: int,
    cached_tokens: int = 0, tier: str = DEFAULT_TIER,
) -> WhatIf:  # fmt: skip
    """The charge of one call, rounded up once as settlement does."""
    found = loaded.models.resolve(model)
    priced = None if found is None else found.on(datetime.now(UTC).date())
    basis = loaded.settings.charging.basis
    pricing = Pricing(basis, loaded.rates.rate(agent), priced, loaded.models.version)
    usage = Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_tokens=min(cached_tokens, input_tokens),
    )
    by_rate = amounts(replace(pricing, basis="agent_rate"), usage, tier)
    provider = None if priced is None else by_rate.provider
    charged = by_rate.charge if basis == "agent_rate" else provider
    return WhatIf(by_rate.charge, provider, charged, basis)
