"""Rate and prices of one call as data: late work is charged days later, at those of admission."""

from collections.abc import Mapping
from typing import Any

from budget.charge import Pricing
from config.models import Fee, Model, Price, PriceKind
from config.money import Nano, NanoPerMillion


def frozen(pricing: Pricing) -> dict[str, Any]:
    """As plain data, for JSON."""
    return {
        "basis": pricing.basis,
        "rate": pricing.rate,
        "version": pricing.version,
        "model": None if pricing.model is None else _frozen_model(pricing.model),
    }


def thawed(plain: Mapping[str, Any]) -> Pricing:
    """The pricing of what `frozen` made."""
    model = plain["model"]
    return Pricing(
        basis=plain["basis"],
        rate=NanoPerMillion(plain["rate"]),
        model=None if model is None else _thawed_model(model),
        version=plain["version"],
    )


def _frozen_model(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "mode": model.mode,
        "is_reasoning": model.is_reasoning,
        "prices": {
            kind.value: {tier: [price.base, price.long] for tier, price in by_tier.items()}
            for kind, by_tier in model.prices.items()
        },
        "fees": {fee.value: nano for fee, nano in model.fees_nano.items()},
    }


def _thawed_model(plain: Mapping[str, Any]) -> Model:
    return Model(
        name=plain["name"],
        mode=plain["mode"],
        is_reasoning=plain["is_reasoning"],
        prices={
            PriceKind(kind): {tier: _price(*parts) for tier, parts in by_tier.items()}
            for kind, by_tier in plain["prices"].items()
        },
        fees_nano={Fee(fee): Nano(nano) for fee, nano in plain["fees"].items()},
    )


def _price(base: int | None, long: list[list[int]]) -> Price:
    steps = tuple((above, NanoPerMillion(price)) for above, price in long)
    return Price(None if base is None else NanoPerMillion(base), steps)
