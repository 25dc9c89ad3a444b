"""What a call costs, in both moneys: the budget's charge and the provider's price.

Kinds are multiplied exactly and summed; the sum is rounded up once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from config.models import Fee, Model, PriceKind
from config.money import UNITS_PER_MILLION, NanoPerMillion, ceil_div, cost_nano
from storage.records import Amounts, Usage, WorstCase

_TEXT_READ: Final = (PriceKind.INPUT, PriceKind.CACHE_WRITE, PriceKind.CACHED)
_AUDIO_READ: Final = (PriceKind.AUDIO_INPUT, PriceKind.CACHE_WRITE_AUDIO, PriceKind.CACHED_AUDIO)
_IMAGES_READ: Final = (PriceKind.IMAGE_INPUT, PriceKind.CACHE_WRITE, PriceKind.CACHED_IMAGE)
"""What a token of each can be billed as: which of it was cached is known only afterwards."""

Basis = Literal["agent_rate", "provider_price"]


@dataclass(frozen=True, slots=True)
class Pricing:
    """Rate and prices of one call, fixed at its admission."""

    basis: Basis
    rate: NanoPerMillion
    model: Model | None
    version: str
    fixed_nano: int | None = None
    """What the call costs whatever comes back, in both moneys: ops or the price list say so."""


def amounts(pricing: Pricing, usage: Usage, tier: str) -> Amounts:
    """What `usage` costs. A call without tokens is charged at the provider's price."""
    if pricing.fixed_nano is not None:
        return Amounts(pricing.fixed_nano, pricing.fixed_nano)
    return summed(pricing, usage, provider_exact(pricing.model, usage, tier))


def summed(pricing: Pricing, usage: Usage, exact: int) -> Amounts:
    """The same of usage whose provider cost is known before it is rounded: see `provider_exact`."""
    provider = ceil_div(exact, UNITS_PER_MILLION)
    if pricing.basis == "provider_price" or usage.total_tokens == 0:
        return Amounts(provider, provider)
    return Amounts(cost_nano(usage.total_tokens, pricing.rate), provider)


def provider_cost(model: Model | None, usage: Usage, tier: str) -> int:
    """What the provider's price list says `usage` costs, nano-dollars."""
    return ceil_div(provider_exact(model, usage, tier), UNITS_PER_MILLION)


def provider_exact(model: Model | None, usage: Usage, tier: str) -> int:
    """The same before it is rounded, in millionths of a nano-dollar; 0 without a price list.

    Parts of input and output that have a price of their own are taken out of the totals; what
    remains is text. A part that claims more than its total leaves no negative remainder. Where
    the tokens have no price, characters, seconds and images have.
    """
    if model is None:
        return 0
    input_text = usage.input_tokens - (
        usage.cached_tokens
        + usage.cache_write_tokens
        + usage.audio_input_tokens
        + usage.image_input_tokens
    )
    cached_text = usage.cached_tokens - usage.cached_audio_tokens - usage.cached_image_tokens
    output_text = usage.output_tokens - (
        usage.reasoning_tokens + usage.audio_output_tokens + usage.image_output_tokens
    )
    kinds = (
        (PriceKind.INPUT, max(0, input_text)),
        (PriceKind.CACHED, max(0, cached_text)),
        (PriceKind.CACHED_AUDIO, usage.cached_audio_tokens),
        (PriceKind.CACHED_IMAGE, usage.cached_image_tokens),
        (PriceKind.CACHE_WRITE, usage.cache_write_tokens),
        (PriceKind.AUDIO_INPUT, usage.audio_input_tokens),
        (PriceKind.IMAGE_INPUT, usage.image_input_tokens),
        (PriceKind.OUTPUT, max(0, output_text)),
        (PriceKind.REASONING, usage.reasoning_tokens),
        (PriceKind.AUDIO_OUTPUT, usage.audio_output_tokens),
        (PriceKind.IMAGE_OUTPUT, usage.image_output_tokens),
    )
    length = usage.line_input_tokens or usage.input_tokens
    tokens = sum(units * (model.price(kind, tier, length) or 0) for kind, units in kinds if units)
    fees = _fees(model, usage.web_searches, usage.file_searches, usage.code_sessions)
    return (tokens or _other_units(model, usage)) + fees * UNITS_PER_MILLION


def _other_units(model: Model, used: Usage | WorstCase) -> int:
    """What a model costs that is not billed by tokens, nano-dollars for a million such calls.

    Price lists tell a second of audio once, as heard or as spoken.
    """
    second = model.price(PriceKind.SECOND_INPUT)
    if second is None:
        second = model.price(PriceKind.SECOND_OUTPUT)
    return (
        used.characters * (model.price(PriceKind.CHARACTER_INPUT) or 0)
        + used.audio_seconds * (second or 0)
        + used.images * (model.price(PriceKind.IMAGE) or 0)
        + used.video_seconds * (model.price(PriceKind.VIDEO_SECOND) or 0)
    )


def _fees(model: Model, web_searches: int, file_searches: int, code_sessions: int) -> int:
    return (
        web_searches * model.fee(Fee.WEB_SEARCH)
        + file_searches * model.fee(Fee.FILE_SEARCH)
        + code_sessions * model.fee(Fee.CODE_SESSION)
    )


def worst_amounts(pricing: Pricing, worst: WorstCase, output_ceiling: int) -> Amounts:
    """The most that a call can cost with this ceiling: what is held for it."""
    if pricing.fixed_nano is not None:
        return Amounts(pricing.fixed_nano, pricing.fixed_nano)
    output_tokens = worst.choices * output_ceiling
    provider = without_tokens = 0
    if pricing.model is not None:
        text = worst.input_tokens - worst.audio_input_tokens - worst.image_input_tokens
        parts = (
            (text, _TEXT_READ),
            (worst.audio_input_tokens, _AUDIO_READ),
            (worst.image_input_tokens, _IMAGES_READ),
            (output_tokens, _output_kinds(worst)),
        )
        by_tokens = sum(
            units * _dearest(pricing.model, kinds, worst) for units, kinds in parts if units > 0
        )
        other = _other_units(pricing.model, worst)
        fees = _fees(pricing.model, worst.web_searches, worst.file_searches, worst.code_sessions)
        provider = ceil_div(max(by_tokens, other), UNITS_PER_MILLION) + fees
        without_tokens = ceil_div(other, UNITS_PER_MILLION) + fees
    if pricing.basis == "provider_price":
        return Amounts(provider, provider)
    tokens = worst.input_tokens + output_tokens
    # An answer without a single token is charged at the provider's price.
    return Amounts(max(cost_nano(tokens, pricing.rate), without_tokens), provider)


def token_amounts(pricing: Pricing, worst: WorstCase) -> Amounts:
    """What one more token of ceiling adds at most, rounded up: for lowering inside a script."""
    if pricing.fixed_nano is not None:
        return Amounts()
    provider = 0
    if pricing.model is not None:
        price = _dearest(pricing.model, _output_kinds(worst), worst)
        provider = ceil_div(worst.choices * price, UNITS_PER_MILLION)
    if pricing.basis == "provider_price":
        return Amounts(provider, provider)
    return Amounts(cost_nano(worst.choices, pricing.rate), provider)


def _output_kinds(worst: WorstCase) -> tuple[PriceKind, ...]:
    kinds = [PriceKind.OUTPUT, PriceKind.REASONING]
    if worst.audio_output:
        kinds.append(PriceKind.AUDIO_OUTPUT)
    if worst.image_output:
        kinds.append(PriceKind.IMAGE_OUTPUT)
    return tuple(kinds)


def _dearest(model: Model, kinds: Iterable[PriceKind], worst: WorstCase) -> int:
    return model.dearest(kinds, worst.tiers, worst.input_tokens) or 0
