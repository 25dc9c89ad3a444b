"""What a realtime response costs, by hand: kinds × nano-dollars a token by OpenAI's price list."""

from typing import Any

import pytest

from budget.charge import provider_cost
from config.model_data import base_table
from proxy.realtime_events import read_done

FULL = "gpt-realtime"
"""Text 4000, cached 400; audio 32000, cached 400; images 5000, cached 500; out 16000 and 64000."""
MINI = "gpt-realtime-mini"
"""Text 600, cached 60; audio 10000, cached 300; images 800, cached 80; out 2400 and 20000."""


def done(read: dict[str, int], cached: dict[str, int], made: dict[str, int]) -> dict[str, Any]:
    """A `response.done` of these tokens by kind: text, audio, image."""
    read, cached, made = (
        {f"{kind}_tokens": tokens for kind, tokens in one.items()} for one in (read, cached, made)
    )
    whole, out, hits = sum(read.values()), sum(made.values()), sum(cached.values())
    inside = {**read, "cached_tokens": hits, "cached_tokens_details": cached}
    return {
        "usage": {
            "total_tokens": whole + out,
            "input_tokens": whole,
            "output_tokens": out,
            "input_token_details": inside,
            "output_token_details": made,
        }
    }


ROWS = [
    (FULL, {"text": 100}, {}, {"text": 10}, 100 * 4000 + 10 * 16000),
    (FULL, {"text": 20, "audio": 80}, {}, {"audio": 40}, 20 * 4000 + 80 * 32000 + 40 * 64000),
    (
        FULL, {"text": 20, "audio": 80}, {"text": 10, "audio": 20}, {"text": 10, "audio": 40},
        10 * 4000 + 10 * 400 + 60 * 32000 + 20 * 400 + 10 * 16000 + 40 * 64000,
    ),
    (
        MINI, {"text": 1000, "audio": 3000}, {"text": 896, "audio": 2944}, {"audio": 200},
        104 * 600 + 896 * 60 + 56 * 10000 + 2944 * 300 + 200 * 20000,
    ),
    (
        FULL, {"text": 200, "image": 1500}, {"text": 128, "image": 1024}, {"text": 30},
        72 * 4000 + 128 * 400 + 476 * 5000 + 1024 * 500 + 30 * 16000,
    ),
    (
        MINI, {"text": 50, "audio": 500, "image": 700}, {"audio": 500, "image": 700}, {"text": 5},
        50 * 600 + 500 * 300 + 700 * 80 + 5 * 2400,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("model", "read", "cached", "made", "nano"), ROWS)
def test_each_kind_costs_its_own_price_once(
    model: str, read: dict[str, int], cached: dict[str, int], made: dict[str, int], nano: int
) -> None:
    usage = read_done(done(read, cached, made))
    assert usage is not None
    found = base_table().resolve(model)
    assert found is not None
    assert provider_cost(found, usage, "default") == nano


def test_more_cached_of_a_kind_than_there_was_cannot_be_true() -> None:
    assert read_done(done({"text": 5}, {"audio": 3}, {})) is None
    odd = done({"audio": 9}, {"audio": 9}, {})
    odd["usage"]["input_token_details"]["cached_tokens"] = 4
    assert read_done(odd) is None
