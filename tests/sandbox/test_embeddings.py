"""Embeddings, driven by the official SDK against the real process."""

import math

import openai
import pytest

from tests.sandbox.conftest import SandboxUnderTest

MODEL = "text-embedding-3-small"


def test_a_unit_vector_of_the_models_length(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model=MODEL, input="hello world")
    (entry,) = answer.data
    assert len(entry.embedding) == 1536
    assert math.isclose(math.hypot(*entry.embedding), 1, abs_tol=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 2


def test_floats_and_base64_are_the_same_vector(client: openai.OpenAI) -> None:
    # The SDK asks for base64 by itself, and decodes it.
    packed = client.embeddings.create(model=MODEL, input="hello", dimensions=256)
    plain = client.embeddings.create(
        model=MODEL, input="hello", dimensions=256, encoding_format="float"
    )
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding)
    assert len(plain.data[0].embedding) == 256


@pytest.mark.parametrize("given", [["a", "b c"], [[64], [65, 66]]])
def test_arrays_of_texts_and_of_tokens(client: openai.OpenAI, given: list[object]) -> None:
    answer = client.embeddings.create(model=MODEL, input=given)
    assert [entry.index for entry in answer.data] == [0, 1]
    assert answer.usage.prompt_tokens == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"input": ""}, None),
        ({"input": []}, None),
        ({"input": [1.5]}, "invalid_type"),
        ({"input": "word " * 9000}, "context_length_exceeded"),
        ({"input": ["a"] * 2049}, "array_above_max_length"),
        ({"input": ["word " * 8000] * 40}, "max_tokens_per_request"),
        ({"dimensions": 1537}, "integer_above_max_value"),
        ({"model": "text-embedding-ada-002", "dimensions": 5}, "unsupported_parameter"),
        ({"encoding_format": "hex"}, "invalid_value"),
    ],
)
def test_bad_requests(sandbox: SandboxUnderTest, change: dict[str, object], code: str) -> None:
    answer = sandbox.post("/v1/embeddings", {"model": MODEL, "input": "hello", **change})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
