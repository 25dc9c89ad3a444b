"""What one row of the endpoint table says, and what each shape of body and answer means."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from config.models import Fee


class Kind(StrEnum):
    """What a call of this endpoint means for a budget."""

    FREE = "free"
    METERED = "metered"
    LATE = "late"
    REFUSED = "refused"


class Shape(StrEnum):
    """Where model, ceilings and usage stand in body and answer."""

    CHAT = "chat"
    RESPONSES = "responses"
    COMPACT = "compact"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    VIDEO = "video"
    FIXED = "fixed"
    BATCH = "batch"
    REALTIME = "realtime"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Means:
    """How a shape's worst case is bounded, and where its usage stands: for people to read."""

    bound: str
    usage: str


MEANS: Final[Mapping[Shape, Means]] = MappingProxyType(
    {
        Shape.CHAT: Means(
            "text by tiktoken, images by their documented bounds, audio and files by the context "
            "window; output by the larger of `max_completion_tokens` and `max_tokens`, × `n`",
            "`usage`; in streams the chunk of `include_usage`",
        ),
        Shape.RESPONSES: Means(
            "as chat, with the tokens of `previous_response_id`; hosted tools × "
            "(`max_tool_calls` + 1); output by `max_output_tokens`",
            "`usage` of the answer, or of the stream's last event",
        ),
        Shape.COMPACT: Means(
            "input as responses; output by the model's own limit: the call takes no ceiling",
            "`usage`",
        ),
        Shape.COMPLETIONS: Means(
            "prompts by tiktoken; output by `max_tokens` (16 without), × prompts × the larger of "
            "`n` and `best_of`",
            "`usage`; in streams the chunk of `include_usage`",
        ),
        Shape.EMBEDDINGS: Means("inputs by tiktoken", "`usage`"),
        Shape.IMAGES: Means(
            "prompt by tiktoken, each image sent by its documented bound, each image drawn by "
            "size and quality (`auto`: the dearest), × `n`, and 100 tokens a partial image; or "
            "the price of an image",
            "`usage` of the answer, or of each `….completed` event",
        ),
        Shape.SPEECH: Means(
            "characters of `input`; a model billed by tokens: a quarter of a second of speech "
            "for each byte of text",
            "`usage` of `speech.audio.done`; without a stream of events the characters, or the "
            "length of the audio that came",
        ),
        Shape.TRANSCRIPTION: Means(
            "seconds: the file's bytes at 6 kbit/s, the lowest rate of a speech codec, or the "
            "model's longest audio",
            "`usage` (tokens or seconds), `duration`, or the last `transcript.text.done`",
        ),
        Shape.VIDEO: Means("`seconds` (4 without) at the price of the size", "`seconds`"),
        Shape.FIXED: Means("a fixed amount a call", "the call itself"),
        Shape.BATCH: Means(
            "its input file is read, and each line bounded as its endpoint is, at batch prices",
            "the lines of its output file, or `usage` of the batch",
        ),
        Shape.REALTIME: Means(
            "each response of a session: the context window, and output by its ceiling",
            "`usage` of `response.done`",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table. `path` is a template: `{…}` stands for one segment, `{…*}` for more."""

    method: str
    path: str
    kind: Kind
    shape: Shape = Shape.NONE
    why: str = ""
    """Why it is refused (or free, or late): said to the client."""
    upload_bytes_max: int | None = None
    """It takes files, of so many bytes with all that surrounds them: not a body to be read."""
    fee: Fee | None = None
    """Of shape `fixed`: this fee of the price list is what a call costs."""
    fixed_nano: int | None = None
    """Of shape `fixed`: what ops say that a call costs (`endpoints.assume_usd`)."""

    @property
    def name(self) -> str:
        """What rules and the ledger call this endpoint: its path, without the version."""
        return self.path.removeprefix("/v1/")

    @property
    def takes_usage_option(self) -> bool:
        """Streams tell their usage only with `stream_options.include_usage`."""
        return self.shape in (Shape.CHAT, Shape.COMPLETIONS)
