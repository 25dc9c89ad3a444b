"""One response of a realtime session: what is said, its events, its usage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from config.models import Model
from sandbox import counting, schema, text
from sandbox.errors import ApiError, wrong_type
from sandbox.limits import output_ceiling
from sandbox.prompt import Cached, Prompt
from sandbox.realtime_items import SPOKEN_TOKENS, Item, without_sound
from sandbox.text import Passage
from sandbox.usage import Units, realtime_usage
from sandbox.voice import AUDIO_TOKENS_A_PIECE, PIECE_OF_SOUND

Step = tuple[str, dict[str, Any], int]
"""Type and fields of an event, and the output tokens it brings."""


@dataclass(slots=True)
class Turn:
    """A response under way."""

    serial: str
    config: Mapping[str, Any]
    passage: Passage
    tool: Mapping[str, Any] | None
    spoken: bool
    opening_tokens: int
    units: Units
    produced: int = 0
    cancelled: bool = False

    def item(self) -> Item:
        """The output item, as the conversation keeps it."""
        head = {"object": "realtime.item", "status": self._status()}
        if self.tool is not None:
            return {
                "id": f"item_{self.serial}",
                "type": "function_call",
                **head,
                "name": self.tool["name"],
                "call_id": f"call_{self.serial}",
                "arguments": self.passage.text,
            }
        part = self._part(self.passage.text)
        if self.spoken:
            part[SPOKEN_TOKENS] = self.units.audio_output_tokens
        return {
            "id": f"item_{self.serial}",
            "type": "message",
            **head,
            "role": "assistant",
            "content": [part],
        }

    def document(self) -> dict[str, Any]:
        """The response as `response.done` shows it."""
        status = "cancelled" if self.cancelled else self._status()
        reason = {"cancelled": "client_cancelled", "incomplete": "max_output_tokens"}.get(status)
        shown = [] if self.cancelled else [without_sound(self.item())]
        details = {"type": status} if reason is None else {"type": status, "reason": reason}
        usage = realtime_usage(self.units)
        return {**self._head(status), "status_details": details, "output": shown, "usage": usage}

    def events(self) -> Iterator[Step]:
        """Every event but `response.done`."""
        opening = {**self._head("in_progress"), "status_details": None, "output": []}
        yield "response.created", {"response": {**opening, "usage": None}}, 0
        whole = without_sound(self.item())
        empty: dict[str, Any] = {"content": []} if self.tool is None else {"arguments": ""}
        begun = {**whole, "status": "in_progress", **empty}
        where = {"response_id": f"resp_{self.serial}", "output_index": 0}
        yield "response.output_item.added", {**where, "item": begun}, self.opening_tokens
        yield "conversation.item.added", {"previous_item_id": None, "item": begun}, 0
        inside = {**where, "item_id": whole["id"]}
        yield from self._call(inside) if self.tool is not None else self._message(inside)
        yield "response.output_item.done", {**where, "item": whole}, 0
        yield "conversation.item.done", {"previous_item_id": None, "item": whole}, 0

    def _message(self, inside: dict[str, Any]) -> Iterator[Step]:
        inside = {**inside, "content_index": 0}
        said = "output_audio_transcript" if self.spoken else "output_text"
        yield "response.content_part.added", {**inside, "part": self._short("")}, 0
        for piece, weight in self.passage.pieces:
            yield f"response.{said}.delta", {**inside, "delta": piece}, weight
            if self.spoken:
                sound = {**inside, "delta": PIECE_OF_SOUND}
                yield "response.output_audio.delta", sound, AUDIO_TOKENS_A_PIECE
        whole = self.passage.text
        if self.spoken:
            yield "response.output_audio.done", inside, 0
            yield f"response.{said}.done", {**inside, "transcript": whole}, 0
        else:
            yield f"response.{said}.done", {**inside, "text": whole}, 0
        yield "response.content_part.done", {**inside, "part": self._short(whole)}, 0

    def _call(self, inside: dict[str, Any]) -> Iterator[Step]:
        inside = {**inside, "call_id": f"call_{self.serial}"}
        kind = "response.function_call_arguments"
        for piece, weight in self.passage.pieces:
            yield f"{kind}.delta", {**inside, "delta": piece}, weight
        name = "" if self.tool is None else self.tool["name"]
        yield f"{kind}.done", {**inside, "arguments": self.passage.text, "name": name}, 0

    def _status(self) -> str:
        return "completed" if self.passage.finish == "stop" else "incomplete"

    def _head(self, status: str) -> dict[str, Any]:
        return {
            "id": f"resp_{self.serial}",
            "object": "realtime.response",
            "status": status,
            "conversation_id": None,
            "output_modalities": self.config["output_modalities"],
            "max_output_tokens": self.config["max_output_tokens"],
            "metadata": self.config.get("metadata"),
        }

    def _part(self, said: str) -> dict[str, Any]:
        if self.spoken:
            return {"type": "output_audio", "transcript": said}
        return {"type": "output_text", "text": said}

    def _short(self, said: str) -> dict[str, Any]:
        """A part as the events of content parts name it."""
        if self.spoken:
            return {"type": "audio", "transcript": said}
        return {"type": "text", "text": said}


def take_turn(
    model: Model,
    prompt: Prompt,
    config: Mapping[str, Any],
    serial: str,
    cached: Cached,
    length: int | None,
) -> Turn:
    """What the model says next; raises `ApiError` 400. `length` is what a test ordered."""
    asked = config["max_output_tokens"]
    if asked != "inf" and (not isinstance(asked, int) or isinstance(asked, bool)):
        raise wrong_type("response.max_output_tokens", "an integer or 'inf'", asked)
    limit = None if asked == "inf" else asked
    ceiling = output_ceiling(model, prompt.tokens, limit, "max_output_tokens", "input")
    tool = _chosen_tool(config)
    spoken = tool is None and config["output_modalities"] == ["audio"]
    given, opening = None, 0
    if tool is not None:
        given = orjson.dumps(schema.instance(tool.get("parameters") or {"type": "object"})).decode()
        opening = min(counting.count(prompt.encoding, str(tool["name"])), ceiling)
    share = 1 + AUDIO_TOKENS_A_PIECE if spoken else 1
    passage = text.write(
        prompt.encoding,
        text.digest(model.name, *prompt.text),
        length=None if length is None else max(length // share, 1),
        ceiling=(ceiling - opening) // share,
        given=given,
    )
    audio = AUDIO_TOKENS_A_PIECE * len(passage.pieces) if spoken else 0
    units = Units(
        input_tokens=prompt.tokens,
        output_tokens=opening + passage.tokens + audio,
        cached_tokens=cached.text + cached.audio + cached.images,
        cached_audio_tokens=cached.audio,
        cached_image_tokens=cached.images,
        audio_input_tokens=prompt.audio_tokens,
        image_input_tokens=prompt.image_tokens,
        audio_output_tokens=audio,
    )
    return Turn(serial, config, passage, tool, spoken, opening, units)


def _chosen_tool(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first function, where the choice is `required`: speech goes before tools here."""
    tools = [tool for tool in config["tools"] if tool.get("type") == "function"]
    if config["tool_choice"] != "required" or not tools:
        return None
    if not isinstance(tools[0].get("name"), str):
        raise ApiError(400, "A function tool needs a name.", param="tools[0].name")
    return dict(tools[0])
