"""openai-python draws, speaks, listens and stores through Purser; each call is charged once."""

from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.clients.conftest import Stack
from tests.proxy.requests import png
from tests.proxy.unit_talk import wav


@pytest.fixture
def client(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    with OpenAI(max_retries=0) as made:
        yield made


def test_images_are_drawn_edited_and_streamed(client: OpenAI) -> None:
    raw = client.images.with_raw_response.generate(
        model="gpt-image-1", prompt="a cat", quality="low", size="1024x1024", n=2
    )
    usage = raw.parse().usage
    assert usage is not None
    # The rate card: CONTENT costs 0.04 USD for 1,000 tokens.
    assert float(raw.headers["X-Purser-Cost-USD"]) == pytest.approx(usage.total_tokens * 0.00004)
    edited = client.images.edit(
        model="gpt-image-1", prompt="a dog", image=[("a.png", png(512, 512))], quality="low"
    )
    assert edited.data
    events = list(
        client.images.generate(
            model="gpt-image-1", prompt="a cat", quality="low", stream=True, partial_images=2
        )
    )
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]


def test_speech_comes_as_audio(client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="hello there", response_format="wav"
    ) as response:
        assert b"".join(response.iter_bytes())[:4] == b"RIFF"
    assert client.audio.speech.create(model="tts-1", voice="alloy", input="hello").content


def test_audio_is_written_down(client: OpenAI) -> None:
    raw = client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=("a.wav", wav(2.0))
    )
    assert raw.headers["X-Purser-Cost-USD"] == "0.0002"
    heard = client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("a.wav", wav(2.0)), stream=True
    )
    assert list(heard)[-1].type == "transcript.text.done"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        english = client.audio.translations.create(model="whisper-1", file=("a.wav", wav(1.0)))
    assert english.text


def test_files_and_what_was_stored_are_free(client: OpenAI) -> None:
    raw = client.files.with_raw_response.create(file=("a.jsonl", b"{}\n"), purpose="batch")
    assert "X-Purser-Cost-USD" not in raw.headers
    stored = raw.parse()
    assert client.files.content(stored.id).content == b"{}\n"
    assert client.moderations.create(input="hello").results
    answer = client.responses.create(model="gpt-4o-mini", input="hi", max_output_tokens=16)
    assert client.responses.retrieve(answer.id).id == answer.id
    assert client.responses.input_items.list(answer.id).data


def test_input_is_compacted(client: OpenAI) -> None:
    assert client.responses.compact(model="gpt-5", input="hi " * 100).usage.total_tokens > 0
