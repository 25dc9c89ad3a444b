"""What one answer used, in units, and how OpenAI writes it down."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Units:
    """Billed units of one answer; parts are included in their totals."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    audio_input_tokens: int = 0
    reasoning_tokens: int = 0
    rejected_prediction_tokens: int = 0
    cached_audio_tokens: int = 0
    """Of audio that was cached: a part of both."""
    cached_image_tokens: int = 0
    audio_output_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    characters: int = 0
    seconds: int = 0
    """Of audio that was heard, where a model is billed by time."""
    video_seconds: int = 0
    images: int = 0
    """Made by a model that is billed by the image."""
    web_searches: int = 0
    file_searches: int = 0
    code_sessions: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def plus(self, other: "Units") -> "Units":
        """Both together."""
        return Units(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__slots__}
        )

    def cut_to(self, output_tokens: int) -> "Units":
        """The same, where only so many output tokens were produced; hidden ones come first."""
        if output_tokens == self.output_tokens:
            return self
        return replace(
            self,
            output_tokens=output_tokens,
            reasoning_tokens=min(self.reasoning_tokens, output_tokens),
            audio_output_tokens=min(self.audio_output_tokens, output_tokens),
            image_output_tokens=min(self.image_output_tokens, output_tokens),
        )

    def as_dict(self) -> dict[str, int]:
        """Every unit by name, for the account."""
        return {name: getattr(self, name) for name in self.__slots__}


def chat_usage(units: Units) -> dict[str, Any]:
    """`usage` of a chat completion."""
    return {
        "prompt_tokens": units.input_tokens,
        "completion_tokens": units.output_tokens,
        "total_tokens": units.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": units.cached_tokens,
            "cache_write_tokens": units.cache_write_tokens,
            "audio_tokens": units.audio_input_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": units.reasoning_tokens,
            "audio_tokens": units.audio_output_tokens,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": units.rejected_prediction_tokens,
        },
    }


def completion_usage(units: Units) -> dict[str, Any]:
    """`usage` of a legacy completion."""
    return {
        "prompt_tokens": units.input_tokens,
        "completion_tokens": units.output_tokens,
        "total_tokens": units.total_tokens,
    }


def response_usage(units: Units) -> dict[str, Any]:
    """`usage` of a response."""
    return {
        "input_tokens": units.input_tokens,
        "input_tokens_details": {
            "cached_tokens": units.cached_tokens,
            "cache_write_tokens": units.cache_write_tokens,
        },
        "output_tokens": units.output_tokens,
        "output_tokens_details": {"reasoning_tokens": units.reasoning_tokens},
        "total_tokens": units.total_tokens,
    }


def embedding_usage(units: Units) -> dict[str, Any]:
    """`usage` of an embeddings answer."""
    return {"prompt_tokens": units.input_tokens, "total_tokens": units.total_tokens}


def batch_usage(units: Units) -> dict[str, Any]:
    """`usage` of a batch: all its lines together."""
    return {
        "input_tokens": units.input_tokens,
        "input_tokens_details": {"cached_tokens": units.cached_tokens},
        "output_tokens": units.output_tokens,
        "output_tokens_details": {"reasoning_tokens": units.reasoning_tokens},
        "total_tokens": units.total_tokens,
    }


def realtime_usage(units: Units) -> dict[str, Any]:
    """`usage` of a response in a realtime session."""
    other = units.audio_input_tokens + units.image_input_tokens
    return {
        "total_tokens": units.total_tokens,
        "input_tokens": units.input_tokens,
        "output_tokens": units.output_tokens,
        "input_token_details": {
            "text_tokens": units.input_tokens - other,
            "audio_tokens": units.audio_input_tokens,
            "image_tokens": units.image_input_tokens,
            "cached_tokens": units.cached_tokens,
            "cached_tokens_details": {
                "text_tokens": units.cached_tokens
                - units.cached_audio_tokens
                - units.cached_image_tokens,
                "audio_tokens": units.cached_audio_tokens,
                "image_tokens": units.cached_image_tokens,
            },
        },
        "output_token_details": {
            "text_tokens": units.output_tokens - units.audio_output_tokens,
            "audio_tokens": units.audio_output_tokens,
        },
    }


def image_usage(units: Units) -> dict[str, Any]:
    """`usage` of made or edited images."""
    return {
        "input_tokens": units.input_tokens,
        "input_tokens_details": {
            "text_tokens": units.input_tokens - units.image_input_tokens,
            "image_tokens": units.image_input_tokens,
        },
        "output_tokens": units.output_tokens,
        "output_tokens_details": {
            "text_tokens": units.output_tokens - units.image_output_tokens,
            "image_tokens": units.image_output_tokens,
        },
        "total_tokens": units.total_tokens,
    }


def speech_usage(units: Units) -> dict[str, Any]:
    """`usage` of speech that was streamed as events."""
    return {
        "input_tokens": units.input_tokens,
        "output_tokens": units.output_tokens,
        "total_tokens": units.total_tokens,
    }


def transcription_usage(units: Units) -> dict[str, Any]:
    """`usage` of a transcription: seconds where the model is billed by time, else tokens."""
    if units.seconds:
        return {"type": "duration", "seconds": units.seconds}
    return {
        "type": "tokens",
        "input_tokens": units.input_tokens,
        "input_token_details": {
            "text_tokens": units.input_tokens - units.audio_input_tokens,
            "audio_tokens": units.audio_input_tokens,
        },
        "output_tokens": units.output_tokens,
        "total_tokens": units.total_tokens,
    }
