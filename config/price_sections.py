"""The settings of prices: what ops know better than the table that Purser carries."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from config import bounds
from config.model_data import base_table, in_region, with_fees, with_models
from config.models import (
    DEFAULT_TIER,
    Fee,
    Model,
    ModelTable,
    Price,
    PriceKind,
    PriceList,
    reasons_by_name,
)
from config.money import usd_to_nano
from config.rates import price_from_usd
from config.section import Section
from config.values import Day, Usd, UsdPer1m

Mode = Literal[
    "chat",
    "responses",
    "completion",
    "embedding",
    "image_generation",
    "audio_speech",
    "audio_transcription",
    "video_generation",
]
Tokens = Annotated[int, Field(ge=1, le=bounds.TOKENS_MAX)]

_KINDS: Final[Mapping[str, PriceKind]] = MappingProxyType(
    {
        "input_usd_per_1m": PriceKind.INPUT,
        "cached_input_usd_per_1m": PriceKind.CACHED,
        "cache_write_usd_per_1m": PriceKind.CACHE_WRITE,
        "output_usd_per_1m": PriceKind.OUTPUT,
        "audio_input_usd_per_1m": PriceKind.AUDIO_INPUT,
        "cached_audio_usd_per_1m": PriceKind.CACHED_AUDIO,
        "audio_output_usd_per_1m": PriceKind.AUDIO_OUTPUT,
        "image_input_usd_per_1m": PriceKind.IMAGE_INPUT,
        "cached_image_usd_per_1m": PriceKind.CACHED_IMAGE,
        "image_output_usd_per_1m": PriceKind.IMAGE_OUTPUT,
        "character_usd_per_1m": PriceKind.CHARACTER_INPUT,
    }
)


_UNITS: Final[Mapping[str, PriceKind]] = MappingProxyType(
    {
        "image_usd": PriceKind.IMAGE,
        "audio_second_usd": PriceKind.SECOND_INPUT,
        "video_second_usd": PriceKind.VIDEO_SECOND,
    }
)


class TierPrices(Section):
    """Prices of one service tier, USD for a million tokens or characters, or for one unit."""

    input_usd_per_1m: UsdPer1m | None = None
    cached_input_usd_per_1m: UsdPer1m | None = None
    cache_write_usd_per_1m: UsdPer1m | None = None
    output_usd_per_1m: UsdPer1m | None = None
    audio_input_usd_per_1m: UsdPer1m | None = None
    cached_audio_usd_per_1m: UsdPer1m | None = None
    audio_output_usd_per_1m: UsdPer1m | None = None
    image_input_usd_per_1m: UsdPer1m | None = None
    cached_image_usd_per_1m: UsdPer1m | None = None
    image_output_usd_per_1m: UsdPer1m | None = None
    character_usd_per_1m: UsdPer1m | None = None
    image_usd: Usd | None = None
    audio_second_usd: Usd | None = None
    video_second_usd: Usd | None = None

    def stated(self) -> Mapping[PriceKind, Price]:
        """The prices that are given; each holds for inputs of any length."""
        priced_by = ((_KINDS, 1_000_000), (_UNITS, 1))
        return {
            kind: Price(price_from_usd(usd, units))
            for names, units in priced_by
            for name, kind in names.items()
            if (usd := getattr(self, name)) is not None
        }


class DatedPrices(TierPrices):
    """Prices of one model, of all its tiers, and the day from which they hold."""

    from_: Day | None = Field(default=None, alias="from")
    """In UTC; none: they always held."""
    tiers: Mapping[str, TierPrices] = Field(default_factory=dict)

    def laid_over(self, model: Model) -> Model:
        """The model with these prices in place of its own from that day on."""
        if self.from_ is None:
            changes = tuple((day, self._over(prices)) for day, prices in model.changes)
            return replace(model, prices=self._over(model.prices), changes=changes)
        lists = dict(model.changes)
        lists.setdefault(self.from_, model.on(self.from_).prices)
        changes = tuple(
            (day, self._over(prices) if day >= self.from_ else prices)
            for day, prices in sorted(lists.items(), key=lambda change: change[0])
        )
        return replace(model, changes=changes)

    def _over(self, known: PriceList) -> PriceList:
        prices = {kind: dict(by_tier) for kind, by_tier in known.items()}
        for tier, stated in ((DEFAULT_TIER, self), *self.tiers.items()):
            for kind, price in stated.stated().items():
                prices.setdefault(kind, {})[tier] = price
        return MappingProxyType({k: MappingProxyType(v) for k, v in prices.items()})


class PriceChange(DatedPrices):
    """Prices that hold from a day on."""

    from_: Day = Field(alias="from")


class ModelOverride(DatedPrices):
    """What is known better of one model, or all that is known of a new one."""

    mode: Mode | None = None
    max_input_tokens: Tokens | None = None
    max_output_tokens: Tokens | None = None
    is_reasoning: bool | None = None
    changes: tuple[PriceChange, ...] = ()

    @field_validator("changes")
    @classmethod
    def _ascending(cls, changes: tuple[PriceChange, ...]) -> tuple[PriceChange, ...]:
        days = [change.from_ for change in changes]
        if len(set(days)) < len(days):
            raise ValueError("changes with a different `from` each")
        return tuple(sorted(changes, key=lambda change: change.from_))

    def applied(self, name: str, known: Model | None) -> Model:
        """The model with what is stated here in place of what the table says."""
        model = known or Model(name=name, mode="chat", is_reasoning=reasons_by_name(name))
        for dated in (self, *self.changes):
            model = dated.laid_over(model)
        reasons = self.is_reasoning
        return replace(
            model,
            name=name,
            mode=self.mode or model.mode,
            max_input_tokens=self.max_input_tokens or model.max_input_tokens,
            max_output_tokens=self.max_output_tokens or model.max_output_tokens,
            is_reasoning=model.is_reasoning if reasons is None else reasons,
        )


class Fees(Section):
    """USD for one call of a hosted tool, for every model; the table's where not given."""

    web_search_usd: Usd | None = None
    file_search_usd: Usd | None = None
    code_session_usd: Usd | None = None

    def stated(self) -> Mapping[Fee, Decimal]:
        """The fees that are given."""
        given = {fee: getattr(self, f"{fee.value}_usd") for fee in Fee}
        return {fee: usd for fee, usd in given.items() if usd is not None}


class Prices(Section):
    """What the provider charges, where that differs from the table."""

    region: Literal["auto", "none", "eu", "us"] = "auto"
    fees: Fees = Fees()
    overrides: Mapping[str, ModelOverride] = Field(default_factory=dict)

    def table(self, upstream_url: str) -> ModelTable:
        """The table in force: base data, the region's uplift, then fees and overrides."""
        table = base_table()
        region = _region(upstream_url) if self.region == "auto" else self.region
        if region not in {None, "none"}:
            table = in_region(table, region or "")
        if fees := self.fees.stated():
            table = with_fees(table, {fee: usd_to_nano(usd) for fee, usd in fees.items()})
        changed = {
            name: override.applied(name, table.resolve(name))
            for name, override in self.overrides.items()
        }
        return with_models(table, changed) if changed else table


def _region(upstream_url: str) -> str | None:
    """OpenAI's regional addresses are `eu.api.openai.com` and `us.api.openai.com`."""
    region, _, rest = (urlsplit(upstream_url).hostname or "").partition(".")
    return region if rest == "api.openai.com" else None
