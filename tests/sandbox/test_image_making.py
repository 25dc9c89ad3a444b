"""Images by the official SDK, at the prices of their tokens."""

from base64 import b64decode

import openai
import pytest

from sandbox.images import measured
from tests.sandbox.conftest import SandboxUnderTest

MODEL = "gpt-image-1"
# $5 a million text tokens, $10 of an image read, $40 of an image made.
TEXT, READ, MADE = 5_000, 10_000, 40_000


def png(client: openai.OpenAI) -> bytes:
    made = client.images.generate(model=MODEL, prompt="a dog", quality="low")
    assert made.data is not None
    return b64decode(made.data[0].b64_json or "")


@pytest.mark.parametrize(
    ("quality", "size", "n", "tokens"),
    [
        ("low", "1024x1024", 1, 272),
        ("medium", "1024x1536", 2, 2 * 1584),
        ("high", "1536x1024", 1, 6208),
        ("auto", "auto", 1, 1056),
        ("low", "512x512", 1, 68),
    ],
)
def test_an_image_is_made_and_billed_by_quality_and_size(
    client: openai.OpenAI, sandbox: SandboxUnderTest, quality: str, size: str, n: int, tokens: int
) -> None:
    made = client.images.generate(model=MODEL, prompt="a red dog", quality=quality, size=size, n=n)  # type: ignore[call-overload]
    assert len(made.data) == n
    assert measured(b64decode(made.data[0].b64_json)) == (1, 1)
    assert made.usage.output_tokens == tokens
    assert made.usage.input_tokens == made.usage.input_tokens_details.text_tokens == 3
    assert sandbox.only_call()["provider_nano"] == 3 * TEXT + tokens * MADE


def test_partial_images_are_streamed_and_billed(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    events = list(
        client.images.generate(
            model=MODEL, prompt="a dog", quality="low", stream=True, partial_images=2
        )
    )
    assert [one.type for one in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert events[-1].type == "image_generation.completed"
    assert events[-1].usage.output_tokens == 272 + 2 * 100
    assert sandbox.only_call()["usage"]["image_output_tokens"] == 472


def test_an_edit_reads_the_images_that_it_is_given(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    image = png(client)
    sandbox.http.delete("/sandbox/calls")
    edited = client.images.edit(
        model=MODEL,
        image=[image, image],
        prompt="a red dog",
        quality="low",
        input_fidelity="high",
    )
    read = 2 * (65 + 129 + 4160)
    assert edited.usage is not None
    assert edited.usage.input_tokens_details.image_tokens == read
    assert sandbox.only_call()["provider_nano"] == 3 * TEXT + read * READ + 272 * MADE
    events = list(
        client.images.edit(model=MODEL, image=image, prompt="a dog", stream=True, quality="low")
    )
    assert events[-1].type == "image_edit.completed"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_the_models_do_not_do_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="dall-e-2"):
        client.images.create_variation(model=MODEL, image=png(client))
    with pytest.raises(openai.NotFoundError, match="dall-e-2"):
        client.images.create_variation(image=png(client))
    with pytest.raises(openai.BadRequestError, match="response_format"):
        client.images.generate(model=MODEL, prompt="a dog", response_format="url")
    with pytest.raises(openai.BadRequestError, match="unsupported image"):
        client.images.edit(model=MODEL, image=b"no image", prompt="a dog")
    with pytest.raises(openai.BadRequestError, match="stream"):
        client.images.generate(model=MODEL, prompt="a dog", partial_images=1)
