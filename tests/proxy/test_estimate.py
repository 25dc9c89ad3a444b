"""What cannot be read as text is held for by its documented bound, or as the whole window."""

from typing import Any

import pytest

from proxy.body import BadBody
from proxy.endpoints import Endpoint
from tests.proxy.samples import AUDIO, CHAT, HI, PICTURE, RESPONSES, chat_parts, worst_of


@pytest.mark.parametrize(
    ("endpoint", "fields", "images"),
    [
        (CHAT, chat_parts(PICTURE), 1445),
        (CHAT, chat_parts(PICTURE, PICTURE), 2890),
        (CHAT, chat_parts({"type": "image_url", "image_url": {"url": "https://a/b"}}), 1445),
        (
            CHAT,
            chat_parts({"type": "image_url", "image_url": {"url": "x", "detail": "low"}}),
            85,
        ),
        (
            RESPONSES,
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
            1445,
        ),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "function_call_output",
                        "call_id": "c",
                        "output": [{"type": "input_image", "file_id": "f", "detail": "low"}],
                    }
                ]
            },
            85,
        ),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "computer_call_output",
                        "output": {"type": "computer_screenshot", "image_url": "data:..."},
                    }
                ]
            },
            1445,
        ),
    ],
)
async def test_images_are_bounded_by_their_documentation_and_not_read_as_text(
    endpoint: Endpoint, fields: dict[str, Any], images: int
) -> None:
    worst = await worst_of(endpoint, fields)
    assert worst.image_input_tokens == images
    assert images < worst.input_tokens < images + 150


UNSEEN = [
    (CHAT, chat_parts(AUDIO)),
    (CHAT, chat_parts({"type": "file", "file": {"file_id": "file-1"}})),
    (CHAT, chat_parts({"type": "file", "file": {"file_data": "QUJD" * 1000}})),
    (CHAT, {**HI, "web_search_options": {}}),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    (RESPONSES, {"input": [{"content": [{"type": "input_file", "file_url": "https://a"}]}]}),
    (RESPONSES, {"input": "a", "previous_response_id": "resp_unknown"}),
    (RESPONSES, {"input": "a", "conversation": "conv_1"}),
]


@pytest.mark.parametrize(("endpoint", "fields"), UNSEEN)
async def test_what_cannot_be_seen_is_held_for_as_the_context_window(
    endpoint: Endpoint, fields: dict[str, Any]
) -> None:
    worst = await worst_of(endpoint, fields)
    assert worst.input_tokens == worst.counted_input_tokens == 128_000


@pytest.mark.parametrize(
    ("endpoint", "fields"), [*UNSEEN, (RESPONSES, {"tools": [{"type": "web_search"}]})]
)
async def test_what_cannot_be_seen_is_refused_for_a_model_that_nobody_knows(
    endpoint: Endpoint, fields: dict[str, Any]
) -> None:
    with pytest.raises(BadBody, match="only text can be bounded"):
        await worst_of(endpoint, fields, model=None)


async def test_an_image_for_an_unknown_model_is_refused_and_text_is_not() -> None:
    with pytest.raises(BadBody, match="leave out 'image'"):
        await worst_of(CHAT, chat_parts(PICTURE), model=None)
    assert (await worst_of(CHAT, HI, model=None)).input_tokens > 0


async def test_audio_is_held_for_at_its_own_price() -> None:
    worst = await worst_of(CHAT, {**chat_parts(AUDIO), "modalities": ["text", "audio"]})
    assert worst.audio_input_tokens == 128_000
    assert worst.audio_output


async def test_a_continued_response_brings_its_tokens_along() -> None:
    bare = await worst_of(RESPONSES, {"input": "and then?"})
    more = await worst_of(RESPONSES, {"input": "and then?", "previous_response_id": "resp_known"})
    assert more.input_tokens == bare.input_tokens + 1_234
