"""Events of a realtime session, read and written: what costs, what it cost, what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from config.bounds import TOKENS_MAX
from config.models import Model
from proxy.body import BadBody, Body
from proxy.errors import Refusal
from storage.records import Usage, WorstCase

OUTPUT_TOKENS_MAX: Final = 4_096
"""OpenAI's own bound of one realtime response; `inf` asks for it."""

AUDIO_IN: Final = frozenset({"input_audio_buffer.append", "input_audio_buffer.commit"})
"""With voice detection on, each of these may begin a response."""


@dataclass(slots=True)
class Session:
    """What is known of a session's settings. In doubt it answers by itself, at full length."""

    answers_alone: bool = True
    """Voice detection begins responses that nobody asked for by an event."""
    output_tokens: int | None = None
    updates_open: int = 0
    """Updates that were sent and not confirmed: until then the old settings bound nothing."""

    def told(self, event: Mapping[str, Any]) -> None:
        """Take over `session.created` and `session.updated`."""
        if event.get("type") == "session.updated":
            self.updates_open = max(0, self.updates_open - 1)
        session = event.get("session")
        if not isinstance(session, dict):
            return
        detection = _input(session).get("turn_detection", session.get("turn_detection", {}))
        by_itself = detection is not None and (
            not isinstance(detection, dict) or detection.get("create_response") is not False
        )
        self.answers_alone = by_itself or self.updates_open > 0
        self.output_tokens = _tokens(session)

    def ceiling(self, model: Model, asked: Mapping[str, Any]) -> int:
        """The most output tokens of one response."""
        limit = model.max_output_tokens or OUTPUT_TOKENS_MAX
        own = _tokens(asked)
        if own is None and not self.updates_open:
            own = self.output_tokens
        return limit if own is None else own


def worst_response(model: Model, ceiling: int) -> WorstCase:
    """A response reads the conversation, up to the model's window, and may speak all it says.

    Audio is the dearest kind of both.
    """
    window = model.context_window or 0
    return WorstCase(
        window, ceiling, audio_input_tokens=window, audio_output=True, counted_input_tokens=window
    )


def check_update(body: Body, model: str) -> None:
    """Raise `BadBody` for settings whose cost shows in no response."""
    session = body.fields.get("session")
    if not isinstance(session, dict):
        raise BadBody("'session' must be an object", "session", "invalid_type")
    if session.get("type") == "transcription" or any(
        place.get(name) is not None
        for place in (_input(session), session)
        for name in ("transcription", "input_audio_transcription")
    ):
        raise BadBody(
            "transcribing the input is billed by another model, which is not bounded here: leave"
            " 'transcription' out",
            "session.audio.input.transcription",
            "unsupported_parameter",
        )
    if session.get("model", model) != model:
        raise BadBody("a session keeps its model", "session.model")


def read_done(response: Mapping[str, Any]) -> Usage | None:
    """The usage of `response.done`; None where it tells none that can be true.

    Cached audio counts as cached, not as audio: it is billed once, at a price of its own.
    """
    usage = response.get("usage")
    if not isinstance(usage, dict):
        return None
    given, made = _details(usage, "input_token_details"), _details(usage, "output_token_details")
    cached = _details(given, "cached_tokens_details")
    cached_audio, cached_images = (
        _count(cached.get(name)) for name in ("audio_tokens", "image_tokens")
    )
    read = Usage(
        input_tokens=_count(usage.get("input_tokens")),
        output_tokens=_count(usage.get("output_tokens")),
        cached_tokens=_count(given.get("cached_tokens")),
        audio_input_tokens=_count(given.get("audio_tokens")) - cached_audio,
        image_input_tokens=_count(given.get("image_tokens")) - cached_images,
        audio_output_tokens=_count(made.get("audio_tokens")),
        cached_audio_tokens=cached_audio,
        cached_image_tokens=cached_images,
    )
    parts_in = read.cached_tokens + read.audio_input_tokens + read.image_input_tokens
    true = (
        min(read.audio_input_tokens, read.image_input_tokens) >= 0
        and parts_in <= read.input_tokens
        and cached_audio + cached_images <= read.cached_tokens
        and read.audio_output_tokens <= read.output_tokens
        and read.total_tokens > 0
    )
    return read if true else None


def error_event(refusal: Refusal, answers: object) -> str:
    """The server event that tells a refusal; `answers` is the client's own event id."""
    error = orjson.loads(refusal.body())["error"]
    error["event_id"] = answers if isinstance(answers, str) else None
    event = {"type": "error", "event_id": "event_purser_refused", "error": error}
    return orjson.dumps(event).decode()


def _input(session: Mapping[str, Any]) -> Mapping[str, Any]:
    return _details(_details(session, "audio"), "input")


def _details(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _tokens(settings: Mapping[str, Any]) -> int | None:
    """A ceiling that is a number; None for none and for `inf`."""
    for name in ("max_output_tokens", "max_response_output_tokens"):
        value = settings.get(name)
        if type(value) is int and 0 < value <= TOKENS_MAX:
            return value
    return None


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= TOKENS_MAX else 0
