"""What an image can cost at most."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.images import image_tokens_max


@pytest.mark.parametrize(
    ("model", "detail", "tokens"),
    [
        ("gpt-4o", "high", 85 + 8 * 170),
        ("gpt-4o", None, 85 + 8 * 170),
        ("gpt-4o", "low", 85),
        ("gpt-4o-2024-08-06", "auto", 85 + 8 * 170),
        ("ft:gpt-4o-2024-08-06", "low", 85),
        ("gpt-4o-mini", "high", 2833 + 8 * 5667),
        ("gpt-4o-mini", "low", 2833),
        ("gpt-4.1", "high", 85 + 8 * 170),
        ("gpt-4.1-mini", "high", 2489),
        ("gpt-4.1-mini", "low", 2489),
        ("gpt-4.1-nano", None, 3779),
        ("o1", "high", 75 + 8 * 150),
        ("o3-pro-2025-06-10", "low", 75),
        ("o4-mini", None, 2642),
        ("gpt-5", "high", 70 + 8 * 140),
        ("gpt-5-2025-08-07", "low", 70),
        ("gpt-5-chat-latest", "low", 70),
        ("gpt-5-mini", None, 2489),
        ("gpt-5-nano", None, 3779),
        ("gpt-5.2", None, 3779),
        ("gpt-5.4", "original", 12_000),
        ("gpt-5.4", "high", 3_000),
        ("gpt-5.4", "low", 308),
        ("gpt-5.4-mini", None, 2489),
        ("gpt-5.5-pro", None, 24_600),
        ("gpt-6.1-sol", "low", 24_600),
        ("computer-use-preview", None, 65 + 8 * 129),
        ("gpt-4", None, None),
        ("o3-mini", None, None),
        ("something-else", None, None),
        (None, "low", None),
    ],
)
def test_bounds_by_family(model: str | None, detail: str | None, tokens: int | None) -> None:
    assert image_tokens_max(model, detail) == tokens


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_no_image_costs_more_tiles_than_the_bound(width: int, height: int) -> None:
    """The guide's own calculation: fit into 2048 × 2048, then 768 on the short side."""
    scale = min(1.0, 2048 / max(width, height))
    width, height = round(width * scale), round(height * scale)
    scale = min(1.0, 768 / min(width, height)) if min(width, height) else 1.0
    tiles = math.ceil(round(width * scale) / 512) * math.ceil(round(height * scale) / 512)
    bound = image_tokens_max("gpt-4o", "high")
    assert bound is not None
    assert 85 + tiles * 170 <= bound
