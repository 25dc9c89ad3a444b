"""The model table that the project carries, and tables made from it.

The data stand in `config/data/openai_models.json`, made by `config/import_models.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from config.models import (
    REASONING_OUTPUT_TOKENS,
    Fee,
    Model,
    ModelTable,
    Price,
    PriceKind,
    PriceList,
    reasons_by_name,
)
from config.money import Nano, NanoPerMillion, ceil_div

DATA_FILE: Final = Path(__file__).parent / "data" / "openai_models.json"
DISPUTED_FILE: Final = Path(__file__).parent / "data" / "disputed_prices.json"


@cache
def base_table() -> ModelTable:
    """The table that the project carries, with the prices on which its sources disagree."""
    table = table_of(json.loads(DATA_FILE.read_bytes()))
    disputed = json.loads(DISPUTED_FILE.read_bytes())["models"]
    held = {
        name: {PriceKind(kind): NanoPerMillion(nano) for kind, nano in prices.items()}
        for name, prices in disputed.items()
    }
    return with_models(
        table,
        {
            name: replace(table.models[name], held_prices=MappingProxyType(prices))
            for name, prices in held.items()
        },
    )


def table_of(data: Mapping[str, Any]) -> ModelTable:
    """The table of a data file; `KeyError`, `TypeError` or `ValueError` where it is none."""
    fees = MappingProxyType({Fee(fee): Nano(nano) for fee, nano in data["fees"].items()})
    models = {name: _read_model(name, entry, fees) for name, entry in data["models"].items()}
    return ModelTable(MappingProxyType(models), data["source"], fees)


def with_models(table: ModelTable, changed: Mapping[str, Model]) -> ModelTable:
    """The table with some models replaced or added."""
    return replace(table, models=MappingProxyType({**table.models, **changed}))


def with_fees(table: ModelTable, changed: Mapping[Fee, Nano]) -> ModelTable:
    """The table with fees that then hold for every model."""
    models = {
        name: replace(model, fees_nano=MappingProxyType({**model.fees_nano, **changed}))
        for name, model in table.models.items()
    }
    fees = MappingProxyType({**table.fees_nano, **changed})
    return replace(table, models=MappingProxyType(models), fees_nano=fees)


def in_region(table: ModelTable, region: str) -> ModelTable:
    """The table with the uplift that processing in `region` costs, prices rounded up."""
    models = {name: _uplifted(model, region) for name, model in table.models.items()}
    return replace(table, models=MappingProxyType(models))


def _uplifted(model: Model, region: str) -> Model:
    mille = model.uplift_mille.get(region)
    if mille is None:
        return model

    def raised(price: NanoPerMillion) -> NanoPerMillion:
        return NanoPerMillion(ceil_div(price * mille, 1_000))

    def raised_price(price: Price) -> Price:
        base = None if price.base is None else raised(price.base)
        return Price(base, tuple((above, raised(long)) for above, long in price.long))

    def raised_list(prices: PriceList) -> PriceList:
        return MappingProxyType(
            {
                kind: MappingProxyType({tier: raised_price(price) for tier, price in tiers.items()})
                for kind, tiers in prices.items()
            }
        )

    changes = tuple((since, raised_list(prices)) for since, prices in model.changes)
    return replace(model, prices=raised_list(model.prices), changes=changes)


def _read_price(entry: Mapping[str, int]) -> Price:
    long = sorted((int(above), price) for above, price in entry.items() if above != "0")
    base = entry.get("0")
    return Price(
        None if base is None else NanoPerMillion(base),
        tuple((above, NanoPerMillion(price)) for above, price in long),
    )


def _read_prices(entry: Mapping[str, Mapping[str, Mapping[str, int]]]) -> PriceList:
    return MappingProxyType(
        {
            PriceKind(kind): MappingProxyType({tier: _read_price(p) for tier, p in by_tier.items()})
            for kind, by_tier in entry.items()
        }
    )


def _read_model(name: str, entry: Mapping[str, Any], fees: Mapping[Fee, Nano]) -> Model:
    changes = sorted(entry.get("changes", {}).items())
    own = {Fee(fee): Nano(max(by_size.values())) for fee, by_size in entry.get("fees", {}).items()}
    return Model(
        name=name,
        mode=entry["mode"],
        max_input_tokens=entry.get("max_input_tokens"),
        max_output_tokens=entry.get("max_output_tokens"),
        is_reasoning=_reasons(name, entry),
        prices=_read_prices(entry["prices"]),
        changes=tuple((date.fromisoformat(day), _read_prices(of)) for day, of in changes),
        fees_nano=MappingProxyType({**fees, **own}),
        retires=date.fromisoformat(entry["retires"]) if "retires" in entry else None,
        uplift_mille=MappingProxyType(entry.get("uplift_mille", {})),
    )


def _reasons(name: str, entry: Mapping[str, Any]) -> bool:
    """What the data state, else the family, else the length of the answers: in doubt, yes."""
    if entry["mode"] not in {"chat", "responses"}:
        return False
    if entry.get("reasoning_effort", False) or reasons_by_name(name):
        return True
    return "-chat" not in name and entry.get("max_output_tokens", 0) >= REASONING_OUTPUT_TOKENS
