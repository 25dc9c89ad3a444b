"""What draws, speaks, listens or films is held for by its documented bound."""

from typing import Any

import pytest

from config.model_data import base_table
from proxy.audio import seconds_max, seconds_told
from proxy.body import BadBody, Body, FilePart
from proxy.endpoints import Shape, find
from proxy.estimate import EstimateLimits, estimate
from proxy.priced import model_of, priced_model
from proxy.spoken import Spoken
from storage.records import WorstCase
from tests.proxy.samples import earlier_response
from tests.proxy.unit_talk import mp3_head, wav

TABLE = base_table()
PATHS = {
    Shape.IMAGES: "/v1/images/generations",
    Shape.SPEECH: "/v1/audio/speech",
    Shape.TRANSCRIPTION: "/v1/audio/transcriptions",
    Shape.VIDEO: "/v1/videos",
}


async def worst_of(shape: Shape, files: tuple[FilePart, ...] = (), **fields: Any) -> WorstCase:
    endpoint = find("POST", PATHS[shape])
    body = Body(b"", fields, {}, files)
    model = priced_model(endpoint, body, model_of(endpoint, body), TABLE)
    assert model is not None
    return await estimate(endpoint, body, model, EstimateLimits(), earlier_response)


TEXT = 1_024
"""Held for text that comes beside an image."""


@pytest.mark.parametrize(
    ("fields", "tokens", "images"),
    [
        ({"quality": "low", "size": "1024x1024"}, 272, 1),
        ({"quality": "medium", "size": "1024x1536"}, 1584, 1),
        ({"quality": "high", "size": "1536x1024", "n": 4}, 6208, 4),
        ({}, 6240, 1),
        ({"quality": "auto", "size": "auto"}, 6240, 1),
        ({"quality": "low"}, 408, 1),
        ({"size": "1024x1024"}, 4160, 1),
        ({"quality": "standard"}, 6240, 1),
        ({"quality": "low", "size": "1024x1024", "partial_images": 3, "stream": True}, 572, 1),
        ({"model": "gpt-image-2", "quality": "high", "size": "1024x1024"}, 7024, 1),
        ({"model": "gpt-image-2", "quality": "high", "size": "1536x1024"}, 6240, 1),
        ({"model": "gpt-image-2", "quality": "low", "size": "1024x1024"}, 272, 1),
        ({"model": "gpt-image-2"}, 23_719, 1),
        ({"model": "gpt-image-2", "output_format": "gif", "size": "1024x1024"}, 9 * 7024, 1),
    ],
)
async def test_images_by_size_and_quality(fields: dict[str, Any], tokens: int, images: int) -> None:
    asked = {"model": "gpt-image-1", "prompt": "a cat"} | fields
    worst = await worst_of(Shape.IMAGES, **asked)
    assert (worst.output_ceiling, worst.choices) == (tokens + TEXT, images)
    assert worst.image_output
    assert 0 < worst.input_tokens < 100


@pytest.mark.parametrize(
    "fields",
    [
        {"quality": "max"},
        {"output_format": "svg"},
        {"svg": {"model": "gpt-5"}},
        {"n": 0},
        {"n": "two"},
        {"partial_images": 99},
    ],
)
async def test_images_without_a_bound_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadBody):
        await worst_of(Shape.IMAGES, **{"model": "gpt-image-2", "prompt": "x"} | fields)


@pytest.mark.parametrize(
    ("model", "fidelity", "each"),
    [
        ("gpt-image-1", "low", 1_097),
        ("gpt-image-1", "high", 7_337),
        ("gpt-image-1", None, 7_337),
        ("gpt-image-1-mini", None, 1_097),
        ("gpt-image-2", None, 15_000),
    ],
)
async def test_images_shown_count_masks_too(model: str, fidelity: str | None, each: int) -> None:
    files = tuple(FilePart(name, 9, b"") for name in ("image[]", "image[]", "mask"))
    worst = await worst_of(Shape.IMAGES, files, model=model, prompt="x", input_fidelity=fidelity)
    assert worst.image_input_tokens == 3 * each
    listed = {"images": [{"image_url": "u"}, {"file_id": "f"}], "mask": {"file_id": "m"}}
    worst = await worst_of(Shape.IMAGES, model=model, prompt="x", input_fidelity=fidelity, **listed)
    assert worst.image_input_tokens == 3 * each


async def test_speech_by_characters_or_by_tokens() -> None:
    worst = await worst_of(Shape.SPEECH, model="tts-1", input="Grüße 👋")
    assert worst == WorstCase(0, characters=7)
    said = "a" * 400
    worst = await worst_of(Shape.SPEECH, model="gpt-4o-mini-tts", input=said)
    # A hundred seconds at 1,250 tokens a minute.
    assert worst.output_ceiling == 2_084
    assert worst.audio_output
    slow = await worst_of(Shape.SPEECH, model="gpt-4o-mini-tts", input=said, speed=0.25)
    assert slow.output_ceiling == 8_334
    for bad in ({"input": 7}, {"input": "a", "speed": 9}, {"input": "a", "speed": "x"}):
        with pytest.raises(BadBody):
            await worst_of(Shape.SPEECH, **{"model": "gpt-4o-mini-tts"} | bad)


def audio(data: bytes) -> tuple[FilePart, ...]:
    return (FilePart("file", len(data), data[:65_536]),)


async def test_audio_is_bounded_by_what_its_bytes_can_hold() -> None:
    worst = await worst_of(Shape.TRANSCRIPTION, audio(wav(60)), model="whisper-1")
    assert (worst.audio_seconds, worst.counted_audio_seconds) == (61, 61)
    mp3 = mp3_head(8) + bytes(80_000)
    worst = await worst_of(Shape.TRANSCRIPTION, audio(mp3), model="whisper-1")
    assert (worst.audio_seconds, worst.counted_audio_seconds) == (107, 11)
    worst = await worst_of(
        Shape.TRANSCRIPTION, (FilePart("file", 25_000_000, b""),), model="gpt-4o-transcribe"
    )
    assert worst.audio_input_tokens == 1_500 * 20
    assert worst.output_ceiling == 1_500 * 20 + 256
    with pytest.raises(BadBody, match="one audio file"):
        await worst_of(Shape.TRANSCRIPTION, model="whisper-1")


@pytest.mark.parametrize(
    ("head", "size", "most", "told"),
    [
        (wav(3, 16_000), 48_044, 4, 4),
        (b"ID3\x04\0\0\0\0\0\x02ab" + mp3_head(4), 32_000, 43, 8),
        (b"ID3", 750, 1, None),
        (b"RIFF....WAVEfmt ", 1_500, 2, None),
        (b"OggS", 7_501, 11, None),
        (b"", 0, 1, None),
    ],
)
def test_how_long_audio_can_last(head: bytes, size: int, most: int, told: int | None) -> None:
    assert seconds_max(head, size) == most
    assert seconds_told(head, size) == told


async def test_videos_by_length_and_size() -> None:
    assert (await worst_of(Shape.VIDEO, prompt="x")).video_seconds == 4
    assert (await worst_of(Shape.VIDEO, prompt="x", seconds="12")).video_seconds == 12
    for seconds in ("0", "-4", "long", 99, 1.5):
        with pytest.raises(BadBody):
            await worst_of(Shape.VIDEO, prompt="x", seconds=seconds)
    endpoint = find("POST", "/v1/videos")
    large = Body(b"", {"size": "1024x1792"}, {})
    model = priced_model(endpoint, large, "sora-2-pro", TABLE)
    assert model is not None
    assert model.name == "sora-2-pro-high-res"


def test_a_model_without_a_price_in_its_unit_has_none() -> None:
    for shape, name in [
        (Shape.IMAGES, "dall-e-9"),
        (Shape.SPEECH, "whisper-1"),
        (Shape.VIDEO, "gpt-4o"),
    ]:
        endpoint = find("POST", PATHS[shape])
        assert priced_model(endpoint, Body(b"", {}, {}), name, TABLE) is None


def test_speech_is_counted_from_the_length_of_its_audio() -> None:
    worst = WorstCase(20, 5_000, audio_output=True, counted_input_tokens=9, characters=80)
    by_format = {"pcm": bytes(96_000), "wav": wav(2, 8_000), "mp3": mp3_head(8) + bytes(15_000)}
    for audio_format, data in by_format.items():
        spoken = Spoken(worst, audio_format)
        for start in range(0, len(data), 1_000):
            spoken.add(data[start : start + 1_000])
        used = spoken.usage()
        assert 41 <= used.output_tokens <= 63, audio_format
        assert used.audio_output_tokens == used.output_tokens
        assert used.input_tokens == 9
    unknown = Spoken(worst, "opus")
    unknown.add(b"OggS" * 100)
    assert unknown.usage().output_tokens == 5_000
