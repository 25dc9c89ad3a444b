"""Which entry of the price list a call is billed by, where the model's name alone does not say."""

from typing import Final

from config.models import DEFAULT_TIER, Model, ModelTable, PriceKind
from proxy.body import Body
from proxy.endpoints import Endpoint, Shape

VIDEO_MODEL: Final = "sora-2"
"""OpenAI's default."""
# A tuple, not a set: what a client says may be of any type, and a list is in no set without harm.
_LARGE_VIDEOS: Final = ("1024x1792", "1792x1024")
_LARGE: Final = "-high-res"

_BILLING_KINDS: Final = {
    Shape.IMAGES: (PriceKind.INPUT, PriceKind.IMAGE),
    Shape.SPEECH: (PriceKind.INPUT, PriceKind.CHARACTER_INPUT),
    Shape.TRANSCRIPTION: (PriceKind.INPUT, PriceKind.SECOND_INPUT, PriceKind.SECOND_OUTPUT),
    Shape.VIDEO: (PriceKind.VIDEO_SECOND,),
}
"""What a model must have a price of, to be bounded at all in a shape that is not text."""


def model_of(endpoint: Endpoint, body: Body) -> str:
    """The model that a request asks for, or OpenAI's default. Raises `BadBody`."""
    if endpoint.shape is Shape.VIDEO and body.fields.get("model") is None:
        return VIDEO_MODEL
    return body.model


def priced_model(endpoint: Endpoint, body: Body, name: str, table: ModelTable) -> Model | None:
    """The model whose prices hold; None where the list has none for this kind of call."""
    kinds = _BILLING_KINDS.get(endpoint.shape)
    model = table.resolve(name)
    if kinds is None:
        return model
    if endpoint.shape is Shape.VIDEO and body.fields.get("size") in _LARGE_VIDEOS:
        model = table.models.get(name + _LARGE, model)
    if model is not None and any(model.price(kind) is not None for kind in kinds):
        return model
    return _by_size(body, name, table) if endpoint.shape is Shape.IMAGES else None


def bills_tokens(model: Model | None) -> bool:
    """Whether a model's price list speaks of tokens."""
    return model is not None and model.price(PriceKind.INPUT) is not None


def _by_size(body: Body, name: str, table: ModelTable) -> Model | None:
    """The dearest `quality/width-x-height/name` entry that this request could be billed by."""
    quality, size = body.fields.get("quality"), body.fields.get("size")
    wanted = size.replace("x", "-x-") if isinstance(size, str) else None
    fitting: list[Model] = []
    for entry, model in table.models.items():
        *of, own = entry.split("/")
        if own != name or not of or model.price(PriceKind.IMAGE) is None:
            continue
        sizes = [part for part in of if "-x-" in part]
        qualities = [part for part in of if "-x-" not in part]
        if wanted in (*sizes, None, "auto") and quality in (*qualities, None, "auto"):
            fitting.append(model)
    return max(fitting, key=_image_price, default=None)


def _image_price(model: Model) -> int:
    return model.price(PriceKind.IMAGE, DEFAULT_TIER) or 0
