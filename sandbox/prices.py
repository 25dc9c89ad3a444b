"""What a call costs by the provider's price list: whole numbers, rounded up once.

The sandbox's own arithmetic over config's prices, so that a test which compares it with a ledger
compares two reckonings.
"""

from config.models import Fee, Model, PriceKind
from sandbox.usage import Units

MILLION = 1_000_000


def provider_nano(model: Model, units: Units, tier: str) -> int:
    """Nano-dollars for `units` at the prices of service tier `tier`."""
    millionths = 0
    for kind, amount in _amounts(units):
        if amount:
            millionths += amount * (model.price(kind, tier, units.input_tokens) or 0)
    tokens_nano, rest = divmod(millionths, MILLION)
    fees_nano = (
        units.web_searches * model.fee(Fee.WEB_SEARCH)
        + units.file_searches * model.fee(Fee.FILE_SEARCH)
        + units.code_sessions * model.fee(Fee.CODE_SESSION)
    )
    return tokens_nano + (1 if rest else 0) + fees_nano


def _amounts(units: Units) -> tuple[tuple[PriceKind, int], ...]:
    parts = units.cached_tokens + units.cache_write_tokens + units.audio_input_tokens
    return (
        (PriceKind.INPUT, units.input_tokens - parts),
        (PriceKind.CACHED, units.cached_tokens),
        (PriceKind.CACHE_WRITE, units.cache_write_tokens),
        (PriceKind.AUDIO_INPUT, units.audio_input_tokens),
        (PriceKind.OUTPUT, units.output_tokens - units.reasoning_tokens),
        (PriceKind.REASONING, units.reasoning_tokens),
    )
