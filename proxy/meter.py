"""Reading what an answer used, whole or as a stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from config.models import Fee, Model, reasons_by_name
from proxy.decoding import Undecodable, decode_answer
from proxy.endpoints import Endpoint, Shape
from proxy.produced import Produced
from proxy.sse import Event
from proxy.tokens import off_loop
from proxy.usage import hosted_calls, read_usage, seconds_heard
from storage.records import Flag, Usage, WorstCase

_DONE: Final = b"[DONE]"
_LAST_EVENTS: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)
# Tuples, not sets: what an upstream says may be of any type, and a list is in no set without harm.
_LAST_OF_UNITS: Final = (
    "image_generation.completed",
    "image_edit.completed",
    "speech.audio.done",
    "transcript.text.done",
)
"""Events with the usage of one image, or of the whole answer."""
_NAME_CHARACTERS_MAX: Final = 256
_TIER_CHARACTERS_MAX: Final = 64
PENDING: Final = ("queued", "in_progress")
"""What a response says of itself while it is worked on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says of itself. `usage` is None where it says nothing believable."""

    usage: Usage | None = None
    served_model: str | None = None
    tier: str = "default"
    response_id: str | None = None
    ended_at_ceiling: bool = False
    complete: bool = True
    failed: bool = False
    """The upstream said, in a success or a stream, that it failed."""
    pending: bool = False
    """It is worked on in the background: neither its output nor its cost is known."""
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with one event of a stream."""

    pass_on: bool = True
    """False: the usage chunk that the client did not ask for."""
    settle: Reading | None = None
    """Usage has arrived: settle before passing on."""
    done: bool = False
    """The last event of a stream."""


_RESPONSES: Final = (Shape.RESPONSES, Shape.COMPACT)
_UNITS: Final = (Shape.IMAGES, Shape.SPEECH, Shape.TRANSCRIPTION)

_NO_USAGE: Final = frozenset({Flag.NO_USAGE})
_RUBBISH: Final = Reading(complete=False, flags=_NO_USAGE)


def read_answer(
    endpoint: Endpoint,
    raw: bytes,
    content_encoding: str | None = None,
    worst: WorstCase | None = None,
) -> Reading:
    """What a JSON answer says of itself; rubbish gives `complete=False` and no usage.

    `worst` says whether images were asked for that are billed one by one: those are counted.
    """
    if endpoint.shape is Shape.FIXED:
        return Reading(usage=Usage(file_searches=1 if endpoint.fee is Fee.FILE_SEARCH else 0))
    answer = _decoded_object(raw, content_encoding)
    if answer is None:
        return _RUBBISH
    reading = _read_object(endpoint.shape, answer)
    if reading.usage is None and worst is not None and worst.images and not worst.output_ceiling:
        images = answer.get("data")
        if isinstance(images, list):
            return replace(reading, usage=Usage(images=len(images)), flags=frozenset())
    return reading


async def count_answer(
    endpoint: Endpoint,
    raw: bytes,
    model: Model | None,
    worst: WorstCase,
    output_ceiling: int,
    content_encoding: str | None = None,
) -> Usage:
    """The usage of a success that tells none, by tiktoken; what cannot be seen at what was held.

    An answer that cannot be read at all is charged as if everything held was used.
    """
    answer = _decoded_object(raw, content_encoding)
    if answer is None:
        return _counted(worst, output_ceiling, None)
    reading = _read_object(endpoint.shape, answer)
    produced = Produced()
    produced.add_answer(endpoint.shape, answer)
    return await off_loop(
        len(raw), lambda: _seen(model, reading.served_model, worst, output_ceiling, produced)
    )


class StreamMeter:
    """Follows one stream, event by event."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: Model | None,
        worst: WorstCase,
        output_ceiling: int,
        hide_usage: bool,
    ) -> None:
        """`hide_usage`: `include_usage` was written in by us, and the client must not see it."""
        self._shape = endpoint.shape
        self._model = model
        self._worst = worst
        self._output_ceiling = output_ceiling
        self._hide_usage = hide_usage
        self._produced = Produced()
        self._reading = Reading(complete=False, flags=_NO_USAGE)
        self._told = False
        self._ended = False
        self._answers_left = worst.choices if endpoint.shape is Shape.IMAGES else 1

    @property
    def reading(self) -> Reading:
        """What has been read so far; `complete` once the last event was seen."""
        return self._reading

    def seen(self) -> Usage:
        """What was produced so far, by tiktoken: for a client that left, or without usage."""
        return _seen(
            self._model,
            self._reading.served_model,
            self._worst,
            self._output_ceiling,
            self._produced,
        )

    def feed(self, event: Event) -> Step:
        """What one event means; what is not JSON is passed on and means nothing."""
        if event.data.strip() == _DONE:
            self._reading = replace(self._reading, complete=True)
            return Step(settle=self._settle_once(), done=not self._told_end())
        data = _object(event.data) if event.data else None
        if data is None:
            return Step()
        if self._shape in _RESPONSES:
            return self._responses_event(data, event.event)
        if self._shape in _UNITS:
            return self._unit_event(data, event.event)
        return self._chunk(data)

    def _unit_event(self, data: Mapping[str, Any], name: str | None) -> Step:
        """Of images, speech and transcriptions: several images tell their usage one by one."""
        kind = data.get("type", name)
        self._produced.add_stream(self._shape, data)
        if kind == "error" or data.get("error") is not None:
            return self._failed()
        if kind not in _LAST_OF_UNITS:
            return Step()
        said, before = _read_object(self._shape, data), self._reading
        usage = said.usage
        if usage is not None and before.usage is not None:
            usage = _sum(before.usage, usage)
        self._answers_left -= 1
        self._reading = replace(
            said, usage=usage, flags=frozenset() if usage else _NO_USAGE, complete=True
        )
        if self._answers_left > 0:
            return Step()
        return Step(settle=self._settle_once(), done=not self._told_end())

    def _told_end(self) -> bool:
        """Whether the end was told before; tells it."""
        told, self._ended = self._ended, True
        return told

    def _settle_once(self) -> Reading | None:
        """The reading, the first time that it has usage and everything it needs."""
        if self._told or self._reading.usage is None:
            return None
        self._told = True
        return replace(self._reading, complete=True)

    def _failed(self) -> Step:
        """The upstream said that it failed, after which nothing of worth comes."""
        self._reading = replace(self._reading, failed=True, complete=True)
        return Step(settle=self._settle_once(), done=True)

    def _chunk(self, data: Mapping[str, Any]) -> Step:
        """Of chat and completions: usage stands in a chunk of its own, without choices.

        Other servers tell a running usage beside choices: the last of them counts.
        """
        self._produced.add_stream(self._shape, data)
        said = _read_object(self._shape, data)
        before = self._reading
        self._reading = replace(
            before,
            usage=said.usage or before.usage,
            served_model=said.served_model or before.served_model,
            tier=said.tier if "service_tier" in data else before.tier,
            ended_at_ceiling=said.ended_at_ceiling or before.ended_at_ceiling,
            flags=frozenset() if said.usage or before.usage else _NO_USAGE,
        )
        if said.failed:
            return self._failed()
        if data.get("usage") is None or data.get("choices"):
            return Step()
        return Step(pass_on=not self._hide_usage, settle=self._settle_once())

    def _responses_event(self, data: Mapping[str, Any], name: str | None) -> Step:
        said = data.get("type", name)
        kind = said if isinstance(said, str) else None
        self._produced.add_stream(self._shape, data)
        if kind == "error":
            return self._failed()
        response = data.get("response")
        if isinstance(response, dict):
            last = kind in _LAST_EVENTS
            self._reading = replace(_read_object(self._shape, response), complete=last)
            if last:
                return Step(settle=self._settle_once(), done=True)
        return Step()


def _read_object(shape: Shape, answer: Mapping[str, Any]) -> Reading:
    usage = read_usage(shape, answer.get("usage"))
    if usage is None and shape is Shape.TRANSCRIPTION and answer.get("usage") is None:
        usage = seconds_heard(answer.get("duration"))
    if shape is Shape.VIDEO:
        usage = _seconds_filmed(answer.get("seconds"))
    served_model = _name(answer.get("model"))
    tier = _name(answer.get("service_tier"), _TIER_CHARACTERS_MAX)
    if usage is not None:
        usage = _with_fees(shape, usage, answer, served_model)
    return Reading(
        usage=usage,
        served_model=served_model,
        tier="default" if tier is None or tier == "auto" else tier,
        response_id=_name(answer.get("id")) if shape in _RESPONSES else None,
        ended_at_ceiling=_ended_at_ceiling(answer),
        failed=answer.get("error") is not None,
        pending=shape is Shape.RESPONSES and answer.get("status") in PENDING,
        flags=frozenset() if usage else _NO_USAGE,
    )


def _with_fees(
    shape: Shape, usage: Usage, answer: Mapping[str, Any], served_model: str | None
) -> Usage:
    """Chat models that search do so once for each answer, and do not say so."""
    if shape in _RESPONSES:
        calls = hosted_calls(answer)
        return replace(
            usage,
            web_searches=calls.web_searches,
            file_searches=calls.file_searches,
            code_sessions=calls.code_sessions,
        )
    if shape is Shape.CHAT and "-search-" in (served_model or ""):
        choices = answer.get("choices")
        return replace(usage, web_searches=max(1, len(choices) if isinstance(choices, list) else 1))
    return usage


def _seconds_filmed(value: object) -> Usage | None:
    """The length of a video that was ordered: a number, or digits."""
    text = str(value) if type(value) is int else value
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 4):
        return None
    return Usage(video_seconds=int(text))


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(**{name: getattr(one, name) + getattr(other, name) for name in Usage.__slots__})


def _ended_at_ceiling(answer: Mapping[str, Any]) -> bool:
    details = answer.get("incomplete_details")
    if isinstance(details, dict):
        return details.get("reason") == "max_output_tokens"
    choices = answer.get("choices")
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and choice.get("finish_reason") == "length" for choice in choices
    )


def _seen(
    model: Model | None,
    served_model: str | None,
    worst: WorstCase,
    output_ceiling: int,
    produced: Produced,
) -> Usage:
    name = model.name if model is not None else served_model
    reasons = model.is_reasoning if model is not None else name is None or reasons_by_name(name)
    if reasons or worst.audio_output or worst.image_output or produced.overflowed:
        return _counted(worst, output_ceiling, None)
    return _counted(worst, output_ceiling, produced.tokens(name))


def _counted(worst: WorstCase, output_ceiling: int, output_tokens: int | None) -> Usage:
    """Input as it was counted before the call; output as given, or (None) all that was held."""
    held = worst.choices * output_ceiling
    output = held if output_tokens is None else min(output_tokens, held)
    sent = worst.counted_input_tokens or worst.input_tokens
    return Usage(
        input_tokens=sent,
        output_tokens=output,
        audio_input_tokens=min(worst.audio_input_tokens, sent),
        image_input_tokens=min(worst.image_input_tokens, sent),
        audio_output_tokens=output if worst.audio_output else 0,
        image_output_tokens=output if worst.image_output and not worst.audio_output else 0,
        web_searches=worst.web_searches,
        file_searches=worst.file_searches,
        code_sessions=worst.code_sessions,
        characters=worst.characters,
        audio_seconds=0 if held else worst.counted_audio_seconds or worst.audio_seconds,
        images=worst.images,
        video_seconds=worst.video_seconds,
    )


def _decoded_object(raw: bytes, content_encoding: str | None) -> dict[str, Any] | None:
    try:
        return _object(decode_answer(raw, content_encoding))
    except Undecodable:
        return None


def _object(raw: bytes) -> dict[str, Any] | None:
    """A JSON object; orjson refuses half a surrogate pair, which must not cost us the usage."""
    try:
        decoded = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            decoded = json.loads(raw)
        except (ValueError, RecursionError):
            return None
    return decoded if isinstance(decoded, dict) else None


def _name(value: object, characters_max: int = _NAME_CHARACTERS_MAX) -> str | None:
    """A name as the ledger can keep it: half a surrogate pair or a NUL could never be settled."""
    if not isinstance(value, str) or not 0 < len(value) <= characters_max:
        return None
    return value if value.isprintable() else None
