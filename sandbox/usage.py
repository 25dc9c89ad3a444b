"""What one answer used, in units, and how OpenAI writes it down."""

from dataclasses import dataclass
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
    web_searches: int = 0
    file_searches: int = 0
    code_sessions: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

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
            "audio_tokens": 0,
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
