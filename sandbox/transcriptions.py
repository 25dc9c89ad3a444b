"""`POST /v1/audio/transcriptions` and `/translations`: words that depend on the file's bytes."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from config.models import PriceKind
from sandbox import counting, text
from sandbox.answer import Answer, Ask, Event, data_event, shown
from sandbox.errors import ApiError, missing, unsupported
from sandbox.params import (
    ARRAY,
    CHOICE,
    SWITCH,
    TEXT,
    Check,
    check_fields,
    decimal,
    one_of,
    typed,
)
from sandbox.sound import seconds_of
from sandbox.text import Passage
from sandbox.usage import Units, transcription_usage

FILE_BYTES_MAX = 25 * 1024 * 1024
"""From OpenAI's reference."""
WORDS_A_SECOND = 3
AUDIO_TOKENS_A_SECOND = 10
SEGMENT_WORDS = 12
DEFAULT_MAX_TOKENS = 2000
TIMED = ("srt", "vtt", "verbose_json")
PLAIN_TYPE = "text/plain; charset=utf-8"

FIELDS: dict[str, Check] = {
    "model": TEXT,
    "chunking_strategy": CHOICE,
    "include": ARRAY,
    "known_speaker_names": ARRAY,
    "known_speaker_references": ARRAY,
    "language": TEXT,
    "prompt": TEXT,
    "response_format": one_of("json", "text", "srt", "verbose_json", "vtt", "diarized_json"),
    "stream": SWITCH,
    "temperature": decimal(0, 1),
    "timestamp_granularities": typed("an array of strings", list),
}


def transcription(ask: Ask) -> Answer:
    """Write down what is heard; raises `ApiError` 400."""
    return _answer(ask, "transcribe")


def translation(ask: Ask) -> Answer:
    """The same in English, by whisper-1 alone; raises `ApiError` 400."""
    if ask.model.name != "whisper-1":
        raise unsupported("model", f"The model `{ask.model.name}` does not translate audio.")
    return _answer(ask, "translate")


def _answer(ask: Ask, task: str) -> Answer:
    fields = ask.fields
    check_fields(fields, FIELDS)
    found = ask.files.get("file")
    if not found:
        raise missing("file")
    raw = found[0].kept
    if len(raw) > FILE_BYTES_MAX:
        message = f"Maximum content size limit ({FILE_BYTES_MAX}) exceeded ({len(raw)} bytes read)"
        raise ApiError(413, message)
    form = fields.get("response_format") or "json"
    by_time = PriceKind.AUDIO_INPUT not in ask.model.prices
    diarizes = "diarize" in ask.model.name
    if (form in TIMED and ask.model.name != "whisper-1") or (
        form == "diarized_json" and not diarizes
    ):
        message = f"response_format '{form}' is not compatible with model '{ask.model.name}'."
        raise ApiError(400, message, param="response_format", code="unsupported_value")
    seconds = seconds_of(raw)
    passage = _passage(ask, found[0].sha256, seconds)
    units = _units(ask, passage, seconds, by_time)
    usage = shown(ask, transcription_usage(units))
    if fields.get("stream") and ask.model.name != "whisper-1":
        events = _events(passage, usage, units.output_tokens)
        return Answer(ask.model, "default", units, events=events)
    if form in ("json", "verbose_json", "diarized_json"):
        document = _document(form, task, passage, seconds, fields.get("language"))
        if usage is not None:
            document["usage"] = usage
        return Answer(ask.model, "default", units, document=document)
    content = _plain(form, passage.text, seconds).encode()
    return Answer(ask.model, "default", units, content=content, content_type=PLAIN_TYPE)


def _passage(ask: Ask, digest: str, seconds: float) -> Passage:
    ordered = ask.directives.output_tokens
    words = max(round(seconds * WORDS_A_SECOND), 1)
    encoding = counting.encoding_name(ask.model.name)
    return text.write(
        encoding,
        text.digest(ask.model.name, digest),
        length=words if ordered is None else ordered,
        ceiling=ask.model.max_output_tokens or DEFAULT_MAX_TOKENS,
    )


def _units(ask: Ask, passage: Passage, seconds: float, by_time: bool) -> Units:
    if by_time:
        return Units(seconds=ceil(seconds))
    encoding = counting.encoding_name(ask.model.name)
    heard = ceil(seconds * AUDIO_TOKENS_A_SECOND)
    return Units(
        input_tokens=heard + counting.count(encoding, ask.fields.get("prompt") or ""),
        output_tokens=passage.tokens,
        audio_input_tokens=heard,
    )


def _events(passage: Passage, usage: dict[str, Any] | None, total: int) -> Iterator[Event]:
    produced = 0
    for piece, weight in passage.pieces:
        produced += weight
        delta = {"type": "transcript.text.delta", "delta": piece}
        yield Event(data_event(delta), min(produced, total))
    done: dict[str, Any] = {"type": "transcript.text.done", "text": passage.text}
    if usage is not None:
        done["usage"] = usage
    yield Event(data_event(done), total)


def _segments(said: str, seconds: float) -> list[tuple[float, float, str]]:
    """Start, end and text of each: as many words as the others, in even time."""
    words = said.split()
    groups = [words[n : n + SEGMENT_WORDS] for n in range(0, len(words), SEGMENT_WORDS)]
    share = seconds / max(len(words), 1)
    found, passed = [], 0
    for group in groups:
        start, passed = passed, passed + len(group)
        found.append((round(start * share, 2), round(passed * share, 2), " ".join(group)))
    return found


def _document(
    form: str, task: str, passage: Passage, seconds: float, language: str | None
) -> dict[str, Any]:
    said = passage.text
    if form == "json":
        return {"text": said}
    segments = _segments(said, seconds)
    if form == "diarized_json":
        listed = [
            {
                "id": f"seg_{place:03}",
                "type": "transcript.text.segment",
                "start": start,
                "end": end,
                "text": words,
                "speaker": "AB"[place % 2],
            }
            for place, (start, end, words) in enumerate(segments)
        ]
        return {"task": task, "duration": seconds, "text": said, "segments": listed}
    timed = [
        {
            "id": place,
            "seek": 0,
            "start": start,
            "end": end,
            "text": words,
            "tokens": [],
            "temperature": 0.0,
            "avg_logprob": -0.2,
            "compression_ratio": 1.0,
            "no_speech_prob": 0.01,
        }
        for place, (start, end, words) in enumerate(segments)
    ]
    spoken = "english" if task == "translate" else language or "english"
    head = {"task": task, "language": spoken, "duration": seconds, "text": said}
    return {**head, "segments": timed}


def _plain(form: str, said: str, seconds: float) -> str:
    if form == "text":
        return f"{said}\n"
    mark = "," if form == "srt" else "."
    blocks = []
    for place, (start, end, words) in enumerate(_segments(said, seconds), 1):
        times = f"{_clock(start, mark)} --> {_clock(end, mark)}"
        blocks.append(f"{place}\n{times}\n{words}\n" if form == "srt" else f"{times}\n{words}\n")
    return ("" if form == "srt" else "WEBVTT\n\n") + "\n".join(blocks)


def _clock(seconds: float, mark: str) -> str:
    whole, milli = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{milli:03}"
