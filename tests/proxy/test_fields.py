"""Numbers and names that bound a cost are read strictly."""

from typing import Any

import pytest

from proxy.body import BadBody
from proxy.endpoints import Endpoint
from tests.proxy.samples import CHAT, COMPLETIONS, EMBEDDINGS, HI, RESPONSES, worst_of


@pytest.mark.parametrize(
    ("endpoint", "fields", "param"),
    [
        (endpoint, {field: value}, field)
        for endpoint, field in [
            (CHAT, "max_tokens"),
            (CHAT, "max_completion_tokens"),
            (CHAT, "n"),
            (RESPONSES, "max_output_tokens"),
            (RESPONSES, "max_tool_calls"),
            (COMPLETIONS, "max_tokens"),
            (COMPLETIONS, "n"),
            (COMPLETIONS, "best_of"),
        ]
        for value in (-1, 10**12, 10**30, 1.0, 1.5, True, "5", [1], {})
    ]
    + [
        (CHAT, {"max_tokens": 0}, "max_tokens"),
        (CHAT, {"n": 0}, "n"),
        (CHAT, {"n": 129}, "n"),
        (CHAT, {"service_tier": 1}, "service_tier"),
        (RESPONSES, {"tools": {}}, "tools"),
        (RESPONSES, {"tools": [1]}, "tools"),
        (RESPONSES, {"tools": [{"type": "image_generation"}]}, "tools"),
        (RESPONSES, {"previous_response_id": 5}, "previous_response_id"),
        (COMPLETIONS, {"prompt": {"a": 1}}, "prompt"),
        (COMPLETIONS, {"prompt": ["a", 1]}, "prompt"),
        (EMBEDDINGS, {"input": [True]}, "input"),
        (EMBEDDINGS, {"input": [[1, "a"]]}, "input"),
    ],
)
async def test_what_is_absurd_is_refused_by_name(
    endpoint: Endpoint, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadBody) as caught:
        await worst_of(endpoint, {**HI, **fields} if endpoint is CHAT else fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("tier", "tiers"),
    [
        (None, ("default", "priority")),
        ("auto", ("default", "priority")),
        ("default", ("default",)),
        ("flex", ("default", "flex")),
        ("priority", ("default", "priority")),
        ("ultrafast", ("default", "ultrafast")),
    ],
)
async def test_every_tier_that_could_apply_is_held_for(
    tier: str | None, tiers: tuple[str, ...]
) -> None:
    fields = {**HI} if tier is None else {**HI, "service_tier": tier}
    assert (await worst_of(CHAT, fields)).tiers == tiers
