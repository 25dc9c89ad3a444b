"""What an image in a prompt can cost at most, by model family.

Source: OpenAI's guide "Images and vision", section "Calculating costs". The size of an image
behind a URL is not known here, so each family is bounded by the largest image it can be shown.
"""

import re
from dataclasses import dataclass
from typing import Final

from config.money import ceil_div

_TILES_MAX: Final = 8
"""512 px tiles of an image fitted into 2048 × 2048, then to 768 on its short side: 4 × 2."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """`base` tokens, and `tile` more for each tile; `detail: low` costs the base alone."""

    base: int
    tile: int

    def tokens_max(self, detail: str | None) -> int:
        """The bound for one image."""
        return self.base if detail == "low" else self.base + _TILES_MAX * self.tile


@dataclass(frozen=True, slots=True)
class Patches:
    """32 px patches up to a budget, times a factor in per mille."""

    factor_mille: int
    patches: int = 1536
    patches_high: int | None = None
    """Where `detail: high` has a smaller budget than `original` and `auto`."""
    patches_low: int | None = None
    """Where `detail: low` is heeded: 512 × 512 px."""

    def tokens_max(self, detail: str | None) -> int:
        """The bound for one image."""
        budget = {"low": self.patches_low, "high": self.patches_high}.get(detail or "")
        patches = self.patches if budget is None else budget
        return ceil_div(patches * self.factor_mille, 1000)


_ORIGINAL = Patches(1200, patches=10_000, patches_high=2_500, patches_low=256)
"""The guide states no factor for these; 1.2 is what their sibling gpt-5.2 was measured to bill."""

_DEAREST = Patches(2460, patches=10_000)
"""The largest budget and the largest factor that the guide knows, for families it does not."""

FAMILIES: Final[tuple[tuple[str, Tiles | Patches], ...]] = (
    (r"gpt-4o-mini", Tiles(2833, 5667)),
    (r"gpt-4\.1-mini|gpt-5-mini|gpt-5\.4-mini", Patches(1620)),
    (r"gpt-4\.1-nano|gpt-5-nano|gpt-5\.4-nano", Patches(2460)),
    (r"o4-mini(?!-deep)", Patches(1720)),
    (r"gpt-4o|chatgpt-4o|gpt-4\.1|gpt-4\.5|gpt-4-turbo|gpt-4-1106-vision", Tiles(85, 170)),
    (r"gpt-5(?:-chat(?:-latest)?)?(?:-\d{4}-\d{2}-\d{2})?$", Tiles(70, 140)),
    (r"o1(?:-pro)?(?:-\d|$)|o3(?:-pro)?(?:-\d|$)", Tiles(75, 150)),
    (r"computer-use-preview", Tiles(65, 129)),
    (r"gpt-5\.2(?:-\d|$)", Patches(2460)),
    (r"gpt-5\.[45](?:-\d|$)", _ORIGINAL),
    (r"gpt-(?:[5-9]|\d\d)", _DEAREST),
)
"""The first that fits the start of a model's name."""

_COMPILED: Final = tuple((re.compile(f"(?:{pattern})"), cost) for pattern, cost in FAMILIES)


def image_tokens_max(model: str | None, detail: str | None) -> int | None:
    """The bound of one image, tokens; None where only the context window bounds it."""
    name = (model or "").removeprefix("ft:")
    for pattern, cost in _COMPILED:
        if pattern.match(name):
            return cost.tokens_max(detail)
    return None
