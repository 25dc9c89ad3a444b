"""What a call costs by the provider's price list: whole numbers, rounded up once.

The sandbox's own arithmetic over config's prices, so that a test which compares it with a ledger
compares two reckonings.
"""

from config.models import Fee, Model, PriceKind
from sandbox.usage import Units

MILLION = 1_000_000


def provider_nano(model: Model, units: Units, tier: str) -> int:
    """Nano-dollars for `units` at the prices of service tier `tier`."""
    return rounded_up(provider_millionths(model, units, tier))


def provider_millionths(model: Model, units: Units, tier: str) -> int:
    """The same before it is rounded, in millionths of a nano-dollar: parts of a batch add up."""
    millionths = 0
    for kind, amount in _amounts(units):
        if amount:
            millionths += amount * (model.price(kind, tier, units.input_tokens) or 0)
    fees_nano = (
        units.web_searches * model.fee(Fee.WEB_SEARCH)
        + units.file_searches * model.fee(Fee.FILE_SEARCH)
        + units.code_sessions * model.fee(Fee.CODE_SESSION)
    )
    return millionths + fees_nano * MILLION


def rounded_up(millionths: int) -> int:
    """Whole nano-dollars."""
    return -(-millionths // MILLION)


def _amounts(units: Units) -> tuple[tuple[PriceKind, int], ...]:
    cached_text = units.cached_tokens - units.cached_audio_tokens - units.cached_image_tokens
    read = (
        cached_text + units.cache_write_tokens + units.audio_input_tokens + units.image_input_tokens
    )
    written = units.reasoning_tokens + units.audio_output_tokens + units.image_output_tokens
    return (
        (PriceKind.INPUT, units.input_tokens - read),
        (PriceKind.CACHED, cached_text),
        (PriceKind.CACHE_WRITE, units.cache_write_tokens),
        (PriceKind.AUDIO_INPUT, units.audio_input_tokens - units.cached_audio_tokens),
        (PriceKind.CACHED_AUDIO, units.cached_audio_tokens),
        (PriceKind.IMAGE_INPUT, units.image_input_tokens - units.cached_image_tokens),
        (PriceKind.CACHED_IMAGE, units.cached_image_tokens),
        (PriceKind.OUTPUT, units.output_tokens - written),
        (PriceKind.REASONING, units.reasoning_tokens),
        (PriceKind.AUDIO_OUTPUT, units.audio_output_tokens),
        (PriceKind.IMAGE_OUTPUT, units.image_output_tokens),
        (PriceKind.CHARACTER_INPUT, units.characters),
        (PriceKind.SECOND_INPUT, units.seconds),
        (PriceKind.IMAGE, units.images),
        (PriceKind.VIDEO_SECOND, units.video_seconds),
    )
