"""Spoken chats and the functions of old, by the official SDK."""

from base64 import b64decode
from typing import Any

import openai
import pytest

from sandbox.sound import seconds_of
from tests.sandbox.conftest import SandboxUnderTest

HELLO: Any = [{"role": "user", "content": "hello"}]
LENGTH = {"X-Sandbox-Output-Tokens": "30"}


def test_an_answer_is_spoken_and_its_sound_billed(
    client: openai.OpenAI, sandbox: SandboxUnderTest
) -> None:
    made = client.chat.completions.create(
        model="gpt-audio",
        messages=HELLO,
        modalities=["text", "audio"],
        audio={"voice": "alloy", "format": "wav"},
        extra_headers=LENGTH,
    )
    audio = made.choices[0].message.audio
    assert audio is not None
    assert audio.transcript
    assert seconds_of(b64decode(audio.data)) == pytest.approx(1.0)
    assert made.usage is not None
    assert made.usage.completion_tokens == 30
    assert made.usage.completion_tokens_details is not None
    assert made.usage.completion_tokens_details.audio_tokens == 20
    # gpt-audio: $2.50 a million text tokens read, $10 written, $64 spoken.
    nano = made.usage.prompt_tokens * 2_500 + 10 * 10_000 + 20 * 64_000
    assert sandbox.only_call()["provider_nano"] == nano


def test_a_spoken_answer_streams(client: openai.OpenAI, sandbox: SandboxUnderTest) -> None:
    chunks: list[Any] = list(
        client.chat.completions.create(
            model="gpt-audio",
            messages=HELLO,
            modalities=["text", "audio"],
            audio={"voice": "alloy", "format": "pcm16"},
            stream=True,
            stream_options={"include_usage": True},
            extra_headers=LENGTH,
        )
    )
    told = [one.choices[0].delta.model_dump().get("audio") or {} for one in chunks[:-1]]
    assert sum(len(b64decode(one.get("data") or "")) for one in told) == 48_000
    assert len("".join(one.get("transcript") or "" for one in told).split()) > 5
    assert chunks[-1].usage.completion_tokens == 30
    assert sandbox.only_call()["usage"]["audio_output_tokens"] == 20


def test_what_cannot_be_spoken_is_refused(client: openai.OpenAI) -> None:
    for model, audio, match in (
        ("gpt-4o-mini", {"voice": "alloy", "format": "wav"}, "audio"),
        ("gpt-audio", {"voice": "alloy"}, "audio.format"),
        ("gpt-audio", {"voice": "alloy", "format": "flac"}, "flac"),
    ):
        with pytest.raises(openai.BadRequestError, match=match):
            client.chat.completions.create(
                model=model,
                messages=HELLO,
                modalities=["audio"],
                audio=audio,  # type: ignore[arg-type]
            )


def test_a_function_of_old_is_called_and_answered(client: openai.OpenAI) -> None:
    functions: Any = [{"name": "look", "parameters": {"type": "object"}}]
    made = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, functions=functions)
    called = made.choices[0].message.function_call
    assert called is not None
    assert (called.name, called.arguments) == ("look", "{}")
    assert made.choices[0].finish_reason == "function_call"
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o-mini", messages=HELLO, functions=functions, stream=True
        )
    )
    told = [one.choices[0].delta.function_call for one in chunks]
    assert "".join(one.arguments or "" for one in told if one is not None) == "{}"
    said: Any = [
        *HELLO,
        {"role": "assistant", "content": None, "function_call": called.model_dump()},
        {"role": "function", "name": "look", "content": "seen"},
    ]
    after = client.chat.completions.create(model="gpt-4o-mini", messages=said, functions=functions)
    assert after.choices[0].message.content
    plain = client.chat.completions.create(
        model="gpt-4o-mini", messages=HELLO, functions=functions, function_call="none"
    )
    assert plain.choices[0].message.content
