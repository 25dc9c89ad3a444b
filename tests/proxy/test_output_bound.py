"""Ceilings: what the client set, what is implied, what must be written in."""

from typing import Any

import pytest

from config.models import Model
from proxy.body import BadBody, with_ceiling
from proxy.endpoints import Endpoint
from proxy.estimate import EstimateLimits, ceiling_field, estimate, must_write_ceiling
from tests.proxy.samples import (
    CHAT,
    COMPLETIONS,
    EMBED,
    EMBEDDINGS,
    GPT_4O,
    GPT_5,
    HI,
    INSTRUCT,
    RESPONSES,
    body_of,
    earlier_response,
    worst_of,
)


@pytest.mark.parametrize(
    ("endpoint", "fields", "model", "ceiling", "choices", "explicit", "lowerable", "least"),
    [
        (CHAT, {"max_tokens": 5}, GPT_4O, 5, 1, True, False, 0),
        (CHAT, {"max_completion_tokens": 7, "max_tokens": 5}, GPT_4O, 7, 1, True, False, 0),
        (CHAT, {"max_completion_tokens": 7, "max_tokens": 9}, GPT_4O, 9, 1, True, False, 0),
        (CHAT, {"max_tokens": None}, GPT_4O, 16_384, 1, False, True, 4_096),
        (CHAT, {"n": 3}, GPT_4O, 16_384, 3, False, True, 4_096),
        (CHAT, {"n": None}, GPT_4O, 16_384, 1, False, True, 4_096),
        (CHAT, {}, GPT_5, 128_000, 1, False, True, 25_000),
        (CHAT, {}, None, 16_384, 1, False, True, 4_096),
        (RESPONSES, {"max_output_tokens": 16}, GPT_5, 16, 1, True, False, 0),
        (RESPONSES, {}, GPT_5, 128_000, 1, False, True, 25_000),
        (COMPLETIONS, {}, INSTRUCT, 16, 1, False, False, 0),
        (COMPLETIONS, {"max_tokens": None}, INSTRUCT, 4_096, 1, False, True, 4_096),
        (COMPLETIONS, {"max_tokens": 0, "echo": True}, INSTRUCT, 0, 1, True, False, 0),
        (COMPLETIONS, {"n": 2, "best_of": 5}, INSTRUCT, 16, 5, False, False, 0),
        (COMPLETIONS, {"n": 2, "prompt": ["a", "b", "c"]}, INSTRUCT, 16, 6, False, False, 0),
        (COMPLETIONS, {"prompt": [[1, 2], [3]], "best_of": 2}, INSTRUCT, 16, 4, False, False, 0),
        (COMPLETIONS, {"prompt": []}, INSTRUCT, 16, 1, False, False, 0),
        (EMBEDDINGS, {"input": ["a", "b"]}, EMBED, 0, 1, False, False, 0),
    ],
)
async def test_output_ceilings(
    endpoint: Endpoint,
    fields: dict[str, Any],
    model: Model | None,
    ceiling: int,
    choices: int,
    explicit: bool,
    lowerable: bool,
    least: int,
) -> None:
    worst = await worst_of(endpoint, {**HI, **fields} if endpoint is CHAT else fields, model)
    assert (worst.output_ceiling, worst.choices) == (ceiling, choices)
    assert (worst.explicit, worst.lowerable) == (explicit, lowerable)
    assert worst.min_output_tokens == least


async def test_a_rejected_prediction_is_billed_beside_the_answer() -> None:
    prediction = {"type": "content", "content": "word " * 500}
    worst = await worst_of(CHAT, {**HI, "max_tokens": 100, "prediction": prediction})
    assert worst.output_ceiling >= 100 + 500
    implicit = await worst_of(CHAT, {**HI, "prediction": prediction})
    assert not implicit.lowerable
    with pytest.raises(BadBody, match="prediction"):
        await worst_of(CHAT, {**HI, "prediction": prediction}, None)


@pytest.mark.parametrize(
    ("endpoint", "fields", "model", "field", "must"),
    [
        (CHAT, HI, GPT_4O, "max_completion_tokens", False),
        (CHAT, {**HI, "max_tokens": None}, GPT_4O, "max_completion_tokens", False),
        (CHAT, HI, None, "max_completion_tokens", True),
        (CHAT, {**HI, "max_tokens": None}, None, "max_tokens", True),
        (CHAT, {**HI, "max_tokens": 4}, None, "max_tokens", False),
        (RESPONSES, {"input": "a"}, GPT_5, "max_output_tokens", False),
        (RESPONSES, {"input": "a", "tools": [{"type": "mcp"}]}, GPT_5, "max_output_tokens", True),
        (RESPONSES, {"prompt": {"id": "p"}}, GPT_5, "max_output_tokens", True),
        (COMPLETIONS, {"max_tokens": None}, INSTRUCT, "max_tokens", False),
    ],
)
async def test_where_a_ceiling_is_written_and_when_it_must_be(
    endpoint: Endpoint, fields: dict[str, Any], model: Model | None, field: str, must: bool
) -> None:
    body = body_of(fields, model.name if model else "some-model")
    worst = await worst_of(endpoint, fields, model)
    assert ceiling_field(endpoint, body, model) == field
    assert must_write_ceiling(endpoint, body, model, worst) is must
    if worst.lowerable:
        assert with_ceiling(body, field, 99).fields[field] == 99


async def test_limits_of_ops_bound_how_far_a_ceiling_is_lowered() -> None:
    limits = EstimateLimits(min_output_tokens=100, min_output_tokens_reasoning=200)
    for model, least in ((GPT_4O, 100), (GPT_5, 200)):
        body = body_of(HI, model.name)
        worst = await estimate(CHAT, body, model, limits, earlier_response)
        assert worst.min_output_tokens == least
