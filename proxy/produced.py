"""What a model produced, gathered as text, so that it can be counted where nobody tells usage."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from config.bounds import MIB
from proxy.endpoints import Shape
from proxy.tokens import TokenCounter

TEXT_CHARACTERS_MAX: Final = 16 * MIB
"""Far above any answer; what comes after is not kept, and the answer counts as unseen."""

TOOL_CALL_TOKENS: Final = 8
"""Markers around one tool call, beside its name and arguments."""

_TEXTS: Final = ("content", "refusal", "reasoning_content", "reasoning")
"""Of a message or its delta; the last two are what other servers call visible reasoning."""

_ITEM_TEXTS: Final = frozenset(
    {"text", "refusal", "name", "arguments", "input", "code", "transcript"}
)
_DELTAS_NOT_TEXT: Final = frozenset(
    {"response.audio.delta", "response.output_audio.delta", "speech.audio.delta"}
)
_WITH_CHOICES: Final = (Shape.CHAT, Shape.COMPLETIONS, Shape.EMBEDDINGS)

Piece = tuple[tuple[object, ...], str]
"""Which text a piece belongs to (choice, kind, place), and the piece."""


class Produced:
    """Texts of one answer, each joined from its pieces."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[object, ...], list[str]] = {}
        self._left_characters = TEXT_CHARACTERS_MAX
        self.overflowed = False
        self._tool_calls: set[tuple[object, ...]] = set()

    def add_stream(self, shape: Shape, data: Mapping[str, Any]) -> None:
        """The pieces of one event."""
        self._add(_choice_pieces(data) if shape in _WITH_CHOICES else _delta_pieces(data))

    def add_answer(self, shape: Shape, answer: Mapping[str, Any]) -> None:
        """The texts of a whole answer."""
        self._add(_choice_pieces(answer) if shape in _WITH_CHOICES else _output_pieces(answer))

    def tokens(self, model: str | None) -> int:
        """All texts together, by tiktoken."""
        counter = TokenCounter(model)
        texts = sum(counter.count("".join(pieces)) for pieces in self._pieces.values())
        return texts + TOOL_CALL_TOKENS * len(self._tool_calls)

    def _add(self, pieces: Iterator[Piece]) -> None:
        for key, text in pieces:
            self._left_characters -= len(text)
            if self._left_characters < 0:
                self.overflowed = True
                return
            self._pieces.setdefault(key, []).append(text)
            if "tool" in key:
                self._tool_calls.add(key[:3])


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _choice_pieces(data: Mapping[str, Any]) -> Iterator[Piece]:
    """Of chat and completions, whole or as a chunk."""
    for place, choice in enumerate(_dicts(data.get("choices"))):
        index = _index(choice, place)
        if isinstance(choice.get("text"), str):
            yield (index, "text"), choice["text"]
        for holder in ("delta", "message"):
            message = choice.get(holder)
            if isinstance(message, dict):
                yield from _message_pieces(index, message)


def _message_pieces(index: object, message: Mapping[str, Any]) -> Iterator[Piece]:
    for kind in _TEXTS:
        if isinstance(message.get(kind), str):
            yield (index, kind), message[kind]
    audio = message.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        yield (index, "transcript"), audio["transcript"]
    calls = _dicts(message.get("tool_calls")) + _dicts([message.get("function_call")])
    for place, call in enumerate(calls):
        for holder in (call, call.get("function"), call.get("custom")):
            if not isinstance(holder, dict):
                continue
            for kind in ("name", "arguments", "input"):
                if isinstance(holder.get(kind), str):
                    yield (index, "tool", _index(call, place), kind), holder[kind]


def _index(item: Mapping[str, Any], place: int) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else place


def _delta_pieces(data: Mapping[str, Any]) -> Iterator[Piece]:
    """Of one event of a /v1/responses stream."""
    kind, delta = data.get("type"), data.get("delta")
    if not isinstance(kind, str):
        return
    place = tuple(
        value if isinstance(value := data.get(name), int) else None
        for name in ("output_index", "content_index", "summary_index")
    )
    if kind.endswith(".delta") and isinstance(delta, str) and kind not in _DELTAS_NOT_TEXT:
        yield (kind, *place), delta
    item = data.get("item")
    if (
        kind == "response.output_item.added"
        and isinstance(item, dict)
        and isinstance(item.get("name"), str)
    ):
        yield ("item", "tool", place[0], "name"), item["name"]


def _output_pieces(answer: Mapping[str, Any]) -> Iterator[Piece]:
    """Of a whole /v1/responses answer: the texts of its items, their parts and summaries.

    Of a transcription: its text.
    """
    if isinstance(answer.get("text"), str):
        yield ("transcript",), answer["text"]
    for place, item in enumerate(_dicts(answer.get("output"))):
        parts = [item, *_dicts(item.get("content")), *_dicts(item.get("summary"))]
        for number, part in enumerate(parts):
            for kind in sorted(_ITEM_TEXTS & part.keys()):
                if isinstance(part[kind], str):
                    yield (place, "item", number, kind), part[kind]
        if str(item.get("type")).endswith("_call"):
            yield (place, "item", "tool"), ""
