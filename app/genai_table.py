"""The prices of the genai-prices package as a table, where it is installed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from config.models import DEFAULT_TIER, Fee, Model, ModelTable, Price, PriceKind
from config.money import MoneyError, Nano, exact_product
from config.rates import price_from_usd

try:
    import genai_prices
    from genai_prices.data_snapshot import get_snapshot
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

_KINDS: Final[Mapping[str, PriceKind]] = MappingProxyType(
    {
        "input_mtok": PriceKind.INPUT,
        "output_mtok": PriceKind.OUTPUT,
        "cache_read_mtok": PriceKind.CACHED,
        "cache_write_mtok": PriceKind.CACHE_WRITE,
        "input_audio_mtok": PriceKind.AUDIO_INPUT,
        "output_audio_mtok": PriceKind.AUDIO_OUTPUT,
        "cache_audio_read_mtok": PriceKind.CACHED_AUDIO,
        "input_image_mtok": PriceKind.IMAGE_INPUT,
        "output_image_mtok": PriceKind.IMAGE_OUTPUT,
        "cache_image_read_mtok": PriceKind.CACHED_IMAGE,
    }
)
_FEES: Final[Mapping[str, Fee]] = MappingProxyType(
    {"web_searches_kcount": Fee.WEB_SEARCH, "storage_searches_kcount": Fee.FILE_SEARCH}
)
"""USD for a thousand calls."""
_TIERS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        DEFAULT_TIER: {},
        "flex": {"service_tier": "flex"},
        "priority": {"service_tier": "priority"},
        "batch": {"processing": "batch"},
    }
)


def genai_table(names: Iterable[str]) -> ModelTable:
    """What the package says of OpenAI's models of these names, today; the others are left out."""
    now = datetime.now(UTC)
    (openai,) = (p for p in get_snapshot().providers if p.id == "openai")
    models = {}
    for name in names:
        info = next((m for m in openai.models if m.is_match(name)), None)
        if info is not None:
            by_tier = {
                tier: vars(info.get_prices(now, dict(context))) for tier, context in _TIERS.items()
            }
            models[name] = _model(name, by_tier)
    source = f"genai-prices-{genai_prices.__version__}"
    return ModelTable(MappingProxyType(models), source, MappingProxyType({}))


def _model(name: str, by_tier: Mapping[str, Mapping[str, Any]]) -> Model:
    prices: dict[PriceKind, dict[str, Price]] = {}
    standard = by_tier[DEFAULT_TIER]
    for tier, stated in by_tier.items():
        for field, kind in _KINDS.items():
            value = stated.get(field)
            # What a tier does not say itself stands there as the default's.
            if value is not None and (tier == DEFAULT_TIER or value != standard.get(field)):
                prices.setdefault(kind, {})[tier] = _price(value)
    fees = {
        fee: _fee(standard[field])
        for field, fee in _FEES.items()
        if standard.get(field) is not None
    }
    return Model(name, "chat", prices=prices, fees_nano=fees)


def _price(value: Any) -> Price:
    if isinstance(value, Decimal):
        return Price(price_from_usd(value, 1_000_000))
    return Price(
        price_from_usd(value.base, 1_000_000),
        tuple((tier.start, price_from_usd(tier.price, 1_000_000)) for tier in value.tiers),
    )


def _fee(usd_per_1k: Decimal) -> Nano:
    nano = exact_product(usd_per_1k, 1_000_000)
    if nano is None:
        raise MoneyError(f"{usd_per_1k} USD for 1,000 calls is finer than a nano-dollar a call")
    return Nano(nano)
