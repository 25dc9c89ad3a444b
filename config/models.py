"""What is known of a model: limits, whether it reasons, and prices by kind and service tier.

`config/model_data.py` reads the table that the project carries.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from config.money import Nano, NanoPerMillion

DEFAULT_TIER: Final = "default"
SINCE: Final = "@"
"""Stands in a charge's price version before the day since when its prices were in force."""


class PriceKind(StrEnum):
    """What is counted. The first group are tokens, the second other units."""

    INPUT = "input"
    OUTPUT = "output"
    CACHED = "cached"
    CACHE_WRITE = "cache_write"
    AUDIO_INPUT = "audio_input"
    AUDIO_OUTPUT = "audio_output"
    CACHED_AUDIO = "cached_audio"
    CACHE_WRITE_AUDIO = "cache_write_audio"
    IMAGE_INPUT = "image_input"
    IMAGE_OUTPUT = "image_output"
    CACHED_IMAGE = "cached_image"
    REASONING = "reasoning"

    CHARACTER_INPUT = "character_input"
    SECOND_INPUT = "second_input"
    SECOND_OUTPUT = "second_output"
    VIDEO_SECOND = "video_second"
    IMAGE = "image"
    PIXEL_INPUT = "pixel_input"
    PIXEL_OUTPUT = "pixel_output"


class Fee(StrEnum):
    """What a hosted tool costs a call, beside tokens."""

    WEB_SEARCH = "web_search"
    FILE_SEARCH = "file_search"
    CODE_SESSION = "code_session"


BILLED_AS: Final[Mapping[PriceKind, PriceKind]] = MappingProxyType(
    {
        PriceKind.CACHED: PriceKind.INPUT,
        PriceKind.CACHE_WRITE: PriceKind.INPUT,
        PriceKind.AUDIO_INPUT: PriceKind.INPUT,
        PriceKind.IMAGE_INPUT: PriceKind.INPUT,
        PriceKind.CACHED_AUDIO: PriceKind.AUDIO_INPUT,
        PriceKind.CACHE_WRITE_AUDIO: PriceKind.AUDIO_INPUT,
        PriceKind.CACHED_IMAGE: PriceKind.IMAGE_INPUT,
        PriceKind.AUDIO_OUTPUT: PriceKind.OUTPUT,
        PriceKind.IMAGE_OUTPUT: PriceKind.OUTPUT,
        PriceKind.REASONING: PriceKind.OUTPUT,
    }
)
"""A kind without a price of its own in any tier is billed as the kind that holds it."""

_REASONING_FAMILY: Final = re.compile(r"(?:ft:)?(?:o[1-9]\d*|gpt-(?:[5-9]|\d{2,}))(?:[.-]|$)")
_DATED: Final = re.compile(r"(?P<base>.+?)-(?:\d{4}-\d{2}-\d{2}|\d{4})")


REASONING_OUTPUT_TOKENS: Final = 100_000
"""Every OpenAI model known to answer this long thinks first; the longest other answers 32,768."""


def reasons_by_name(name: str) -> bool:
    """Whether a model of this name thinks before it answers, by its family.

    OpenAI's guide to reasoning models names the o series and everything from GPT-5 on; the
    `-chat` variants of those are the exceptions. Good for names that no table knows yet.
    """
    return bool(_REASONING_FAMILY.match(name)) and "-chat" not in name


@dataclass(frozen=True, slots=True)
class Price:
    """A price of one kind in one tier: from the first token, and for long inputs."""

    base: NanoPerMillion | None
    long: tuple[tuple[int, NanoPerMillion], ...] = ()
    """(input tokens above which it applies to the whole call, price), ascending."""

    def at(self, input_tokens: int) -> NanoPerMillion | None:
        """The price of a call with so many input tokens."""
        found = self.base
        for above, price in self.long:
            if input_tokens > above:
                found = price
        return found


PriceList = Mapping[PriceKind, Mapping[str, Price]]
"""Prices by kind and service tier."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. Limits in tokens, None where nobody states them."""

    name: str
    mode: str
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    is_reasoning: bool = False
    prices: PriceList = field(default_factory=dict)
    """Those in force before any of `changes`."""
    changes: tuple[tuple[date, PriceList], ...] = ()
    """(first day in UTC, all prices from then on), ascending."""
    since: date | None = None
    """The day on which `prices` came into force, where an earlier list is known."""
    fees_nano: Mapping[Fee, Nano] = field(default_factory=dict)
    """Per call of a hosted tool, at the dearest size."""
    held_prices: Mapping[PriceKind, NanoPerMillion] = field(default_factory=dict)
    """Dearer prices that another source has: holds cover them, charges do not know them."""
    retires: date | None = None
    uplift_mille: Mapping[str, int] = field(default_factory=dict)
    """What processing in a region multiplies token prices by."""

    @property
    def context_window(self) -> int | None:
        """The bound of input that nobody can see before the call, tokens.

        The published input limit where it is larger than the output limit, as always.
        """
        limits = [n for n in (self.max_input_tokens, self.max_output_tokens) if n is not None]
        return max(limits) if self.max_input_tokens is not None else None

    def on(self, day: date) -> "Model":
        """The model with the prices in force on `day`."""
        found = self
        for since, prices in self.changes:
            if since <= day:
                found = replace(self, prices=prices, since=since)
        return found

    @property
    def tiers(self) -> tuple[str, ...]:
        """The service tiers that have a price of their own, `default` first."""
        named = {tier for by_tier in self.prices.values() for tier in by_tier}
        return (DEFAULT_TIER, *sorted(named - {DEFAULT_TIER}))

    def price(
        self, kind: PriceKind, tier: str = DEFAULT_TIER, input_tokens: int = 0
    ) -> NanoPerMillion | None:
        """The price of a kind, None where this model has none.

        A tier without a price of its own is billed as `default`; a kind without one as
        `BILLED_AS` says. Where a tier has no long-input price but `default` has, the dearer
        of the tier's base price and the default's long-input price applies.
        """
        by_tier = self.prices.get(kind)
        if by_tier is None:
            wider = BILLED_AS.get(kind)
            return None if wider is None else self.price(wider, tier, input_tokens)
        standard = by_tier.get(DEFAULT_TIER)
        own = by_tier.get(tier)
        if own is None:
            return None if standard is None else standard.at(input_tokens)
        found = own.at(input_tokens)
        if found is None or own.long or standard is None or not standard.long:
            return found
        above = standard.at(input_tokens)
        return found if above == standard.base or above is None else max(found, above)

    def has_steps_below(self, input_tokens: int) -> bool:
        """Whether inputs that are no longer than this may cost more a token than short ones."""
        prices = (price for by_tier in self.prices.values() for price in by_tier.values())
        return any(above < input_tokens for price in prices for above, _ in price.long)

    def dearest(
        self, kinds: Iterable[PriceKind], tiers: Iterable[str], input_tokens: int
    ) -> NanoPerMillion | None:
        """The dearest price among kinds and tiers, up to so many input tokens, disputed or not."""
        kinds, tiers = tuple(kinds), tuple(tiers)
        found = [
            price
            for kind in kinds
            for tier in tiers
            for tokens in (0, input_tokens)
            if (price := self.price(kind, tier, tokens)) is not None
        ]
        found += [self.held_prices[kind] for kind in kinds if kind in self.held_prices]
        return max(found, default=None)

    def fee(self, fee: Fee) -> Nano:
        """What one call of a hosted tool costs, nano-dollars."""
        return self.fees_nano.get(fee, Nano(0))


@dataclass(frozen=True, slots=True)
class Found:
    """The model that a name is billed as, and the rules that led there; none: its own name."""

    model: Model
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelTable:
    """All models by name. `version` names this data exactly: the same text, the same prices."""

    models: Mapping[str, Model]
    source: str
    fees_nano: Mapping[Fee, Nano]

    @cached_property
    def version(self) -> str:
        """Where the data come from and a digest of every price and limit."""
        return f"{self.source}:{_digest(self.models, self.fees_nano)}"

    def version_of(self, model: Model | None) -> str:
        """What a charge says of its prices: this version, and since when they were in force."""
        since = model.since if model is not None else None
        return self.version if since is None else f"{self.version}{SINCE}{since}"

    def resolve(self, name: str) -> Model | None:
        """The model that OpenAI bills for `name`, as `find` finds it."""
        found = self.find(name)
        return None if found is None else found.model

    def find(self, name: str) -> Found | None:
        """The model that OpenAI bills for `name` and why; None when no rule finds one.

        In this order: the exact name; without `openai/`; a fine-tuned model (`ft:base:org::id`)
        as its `ft:` entry; a dated name as its base; a base that only dated names price, as
        the latest of them.
        """
        if (model := self.models.get(name)) is not None:
            return Found(model)
        if name.startswith("openai/"):
            return self._find_under("openai/ cut off", name.removeprefix("openai/"))
        if name.startswith("ft:") and name.count(":") > 1:
            # Never the untuned base: its price is lower than that of the tuned model.
            entry = ":".join(name.split(":")[:2])
            return self._find_under("a fine-tuned model as its ft: entry", entry)
        dated = _DATED.fullmatch(name)
        if dated is not None and (model := self.models.get(dated["base"])) is not None:
            return Found(model, ("a dated name as its base",))
        latest = self._latest_of(dated["base"] if dated is not None else name)
        return None if latest is None else Found(latest, ("the latest dated name of its base",))

    def _find_under(self, rule: str, name: str) -> Found | None:
        found = self.find(name)
        return None if found is None else replace(found, rules=(rule, *found.rules))

    def _latest_of(self, base: str) -> Model | None:
        names = [
            name
            for name in self.models
            if name.startswith(base) and (m := _DATED.fullmatch(name)) and m["base"] == base
        ]
        return self.models[max(names)] if names else None


def _digest(models: Mapping[str, Model], fees: Mapping[Fee, Nano]) -> str:
    lines = [repr(sorted(fees.items()))]
    for name in sorted(models):
        model = models[name]
        lines.append(
            repr(
                (
                    name,
                    model.mode,
                    model.max_input_tokens,
                    model.max_output_tokens,
                    model.is_reasoning,
                    _sorted(model.prices),
                    sorted(model.fees_nano.items()),
                )
            )
        )
        lines += [repr((str(since), _sorted(prices))) for since, prices in model.changes]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=6).hexdigest()


def _sorted(prices: PriceList) -> list[tuple[PriceKind, list[tuple[str, Price]]]]:
    listed = [(kind, sorted(by_tier.items(), key=_first)) for kind, by_tier in prices.items()]
    return sorted(listed, key=_first)


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]
