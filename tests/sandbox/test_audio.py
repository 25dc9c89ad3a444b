"""Speech and transcriptions by the official SDK: by token, by character, by second."""

from typing import Any

import openai
import pytest

from sandbox.sound import seconds_of, silence
from tests.sandbox.conftest import SandboxUnderTest

WAV = ("a.wav", silence("wav", 2.5))


def test_speech_is_sound_as_long_as_the_text_takes(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    said = "hello there. " * 15
    spoken = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input=said, response_format="wav"
    ).content
    assert seconds_of(spoken) == pytest.approx(len(said) / 15)
    call = sandbox.only_call()
    audio = call["usage"]["audio_output_tokens"]
    assert audio == -(-len(said) * 1250 // (15 * 60)) == call["usage"]["output_tokens"]
    # $0.60 a million text tokens, $12 a million audio tokens.
    assert call["provider_nano"] == call["usage"]["input_tokens"] * 600 + audio * 12_000


def test_speech_streams_as_events_with_usage(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="hello", stream_format="sse"
    ) as answer:
        text = answer.read().decode()
    assert text.count("speech.audio.delta") > 1
    assert '"speech.audio.done","usage":{"input_tokens":1,' in text


def test_older_models_are_billed_by_the_character(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    spoken = client.audio.speech.create(model="tts-1", voice="alloy", input="héllo").content
    assert spoken[:2] == b"\xff\xfb"
    call = sandbox.only_call()
    assert (call["usage"]["characters"], call["provider_nano"]) == (5, 5 * 15_000)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("json", "{"),
        ("text", ""),
        ("srt", "1\n00:00:00,000 --> "),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> "),
        ("verbose_json", "{"),
    ],
)
def test_whisper_is_billed_by_the_second(
    client: openai.OpenAI, sandbox: SandboxUnderTest, form: Any, start: str
) -> None:
    answer = client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=WAV, response_format=form
    )
    assert answer.text.startswith(start)
    assert len(answer.text) > 10
    call = sandbox.only_call()
    assert (call["usage"]["seconds"], call["provider_nano"]) == (3, 3 * 100_000)
    if form.endswith("json"):
        usage = answer.http_response.json()["usage"]
        assert usage == {"type": "duration", "seconds": 3}


def test_newer_models_are_billed_by_the_token(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    found = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=WAV, prompt="a dog")
    assert found.usage is not None
    assert found.usage.type == "tokens"
    details = found.usage.input_token_details
    assert details is not None
    assert (details.audio_tokens, details.text_tokens) == (25, 2)
    # $2.50 a million tokens heard and read, $10 written.
    nano = 27 * 2_500 + found.usage.output_tokens * 10_000
    assert sandbox.only_call()["provider_nano"] == nano


def test_a_transcription_streams(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    events = list(
        client.audio.transcriptions.create(model="gpt-4o-transcribe", file=WAV, stream=True)
    )
    last = events[-1]
    assert last.type == "transcript.text.done"
    said = "".join(one.delta for one in events if one.type == "transcript.text.delta")
    assert said == last.text
    assert last.usage is not None
    assert sandbox.only_call()["total_tokens"] == last.usage.total_tokens


def test_speakers_are_told_apart(client: openai.OpenAI) -> None:
    found: Any = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=("a.mp3", silence("mp3", 12)),
        response_format="diarized_json",
    )
    assert {one.speaker for one in found.segments} == {"A", "B"}
    assert found.duration == 12


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_translation_is_whispers(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    assert client.audio.translations.create(model="whisper-1", file=WAV).text
    assert sandbox.only_call()["usage"]["seconds"] == 3
    with pytest.raises(openai.BadRequestError, match="translate"):
        client.audio.translations.create(model="gpt-4o-transcribe", file=WAV)


def test_what_is_wrong_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="srt"):
        client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=WAV, response_format="srt"
        )
    with pytest.raises(openai.BadRequestError, match="corrupted"):
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF...."))
    with pytest.raises(openai.BadRequestError, match="4096"):
        client.audio.speech.create(model="tts-1", voice="alloy", input="x" * 4097)
    with pytest.raises(openai.BadRequestError, match="opus"):
        client.audio.speech.create(model="tts-1", voice="alloy", input="x", response_format="opus")
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="gpt-4o", voice="alloy", input="x")
