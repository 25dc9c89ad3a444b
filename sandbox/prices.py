"""What a call costs by the provider's price list: plain fractions, rounded up once.

The sandbox's own arithmetic over config's prices, so that a test which compares it with a ledger
compares two reckonings.
"""

from fractions import Fraction
from math import ceil

from config.models import Fee, Model, PriceKind
from sandbox.usage import Units


def provider_nano(model: Model, units: Units, tier: str) -> int:
    """Nano-dollars for `units` at the prices of service tier `tier`."""
    total = Fraction(0)
    for kind, amount in _amounts(units).items():
        if amount:
            price = model.price(kind, tier, units.input_tokens)
            total += Fraction(amount * (price or 0), 1_000_000)
    total += units.web_searches * model.fee(Fee.WEB_SEARCH)
    total += units.file_searches * model.fee(Fee.FILE_SEARCH)
    total += units.code_sessions * model.fee(Fee.CODE_SESSION)
    return ceil(total)


def _amounts(units: Units) -> dict[PriceKind, int]:
    parts = units.cached_tokens + units.cache_write_tokens + units.audio_input_tokens
    return {
        PriceKind.INPUT: units.input_tokens - parts,
        PriceKind.CACHED: units.cached_tokens,
        PriceKind.CACHE_WRITE: units.cache_write_tokens,
        PriceKind.AUDIO_INPUT: units.audio_input_tokens,
        PriceKind.OUTPUT: units.output_tokens - units.reasoning_tokens,
        PriceKind.REASONING: units.reasoning_tokens,
    }
