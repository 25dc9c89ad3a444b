"""`/v1/realtime` over WebSocket: one session, its conversation, its responses one at a time."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from config.models import Model
from sandbox import counting
from sandbox.account import ANSWERED, CLIENT_GONE, CUT, Call, Headers
from sandbox.errors import ApiError, missing, wrong_value
from sandbox.faults import Directives
from sandbox.prices import provider_nano
from sandbox.prompt import Cached, Prompt
from sandbox.realtime_items import Item, add_item, read_sound, without_sound
from sandbox.realtime_response import Turn, take_turn
from sandbox.world import World

AUDIO_FORMAT = {"type": "audio/pcm", "rate": 24000}
ABNORMAL_END = 1011


class Session:
    """One WebSocket connection. Each response is a call of its own in the account."""

    def __init__(
        self,
        world: World,
        scope: Scope,
        receive: Receive,
        send: Send,
        call: Call,
        model: Model,
        directives: Directives,
    ) -> None:
        self._world = world
        self._receive = receive
        self._send = send
        self._call = call
        self._headers: Headers = scope["headers"]
        self._path = scope["path"]
        self._model = model
        self._directives = directives
        self._serial = f"{world.run}{call.number:012x}"
        self._number = 0
        self._items: list[Item] = []
        self._sound = bytearray()
        self._running: asyncio.Task[None] | None = None
        self._turn: Turn | None = None
        self._read = (0, 0)
        """Tokens of audio and of images that the last response read."""
        self._config: dict[str, Any] = {
            "type": "realtime",
            "object": "realtime.session",
            "id": f"sess_{self._serial}",
            "model": model.name,
            "output_modalities": ["audio"],
            "instructions": "",
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "audio": {
                "input": {"format": AUDIO_FORMAT, "transcription": None, "turn_detection": None},
                "output": {"format": AUDIO_FORMAT, "voice": "alloy", "speed": 1.0},
            },
        }

    async def run(self) -> None:
        """Serve the connection until the client closes it."""
        self._config["expires_at"] = self._world.now() + 3600
        await self.tell("session.created", session=self._config)
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                break
            await self._take(message.get("text") or message.get("bytes") or "")
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._world.account.close(self._call, ANSWERED)

    async def tell(self, kind: str, **values: Any) -> None:
        """Send one event."""
        event = {"type": kind, "event_id": f"event_{self.name()}", **values}
        await self._send({"type": "websocket.send", "text": orjson.dumps(event).decode()})

    def name(self) -> str:
        """A part of an id that nothing else has."""
        self._number += 1
        return f"{self._serial}{self._number:04x}"

    async def _take(self, text: str | bytes) -> None:
        event: Any = None
        try:
            try:
                event = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise ApiError(400, "Could not parse the event as JSON.") from None
            if not isinstance(event, dict) or not isinstance(event.get("type"), str):
                raise missing("type")
            await self._act(event)
        except ApiError as error:
            shown = {
                "type": error.kind,
                "code": error.code,
                "message": error.message,
                "param": error.param,
                "event_id": event.get("event_id") if isinstance(event, dict) else None,
            }
            await self.tell("error", error=shown)

    async def _act(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "session.update":
                await self._update(event.get("session"))
            case "conversation.item.create":
                await self.add(_item_of(event))
            case "conversation.item.retrieve":
                await self.tell("conversation.item.retrieved", item=self._find(event))
            case "conversation.item.delete":
                self._items.remove(self._find(event))
                await self.tell("conversation.item.deleted", item_id=event["item_id"])
            case "conversation.item.truncate":
                self._find(event)
                told = {name: event.get(name, 0) for name in ("content_index", "audio_end_ms")}
                await self.tell("conversation.item.truncated", item_id=event["item_id"], **told)
            case "input_audio_buffer.append":
                self._sound += read_sound("audio", event.get("audio"))
            case "input_audio_buffer.clear":
                self._sound.clear()
                await self.tell("input_audio_buffer.cleared")
            case "input_audio_buffer.commit":
                await self._commit()
            case "response.create":
                self._begin(event.get("response") or {})
            case "response.cancel":
                self._cancel()
            case other:
                raise ApiError(
                    400,
                    f"Invalid value: '{other}'. The sandbox plays no such event.",
                    param="type",
                    code="invalid_value",
                )

    async def _update(self, session: Any) -> None:
        if not isinstance(session, dict):
            raise missing("session")
        if session.get("type", "realtime") != "realtime":
            raise wrong_value("session.type", session["type"], ("realtime",))
        if session.get("model") not in (None, self._model.name):
            raise ApiError(
                400,
                "Cannot update the model of a session.",
                param="session.model",
                code="cannot_update_model",
            )
        _check_modalities(session, "session")
        self._config = _merged(self._config, session)
        await self.tell("session.updated", session=self._config)

    async def add(self, item: Item) -> None:
        """Put an item into the conversation, and say so."""
        item = {"id": f"item_{self.name()}", "object": "realtime.item", **item}
        item.setdefault("status", "completed")
        # Counted now, so that what is wrong with it is said at once.
        prompt = Prompt(self._model, counting.encoding_name(self._model.name))
        add_item(prompt, item)
        previous = self._items[-1]["id"] if self._items else None
        self._items.append(item)
        shown = without_sound(item)
        for step in ("added", "done"):
            await self.tell(f"conversation.item.{step}", previous_item_id=previous, item=shown)

    async def _commit(self) -> None:
        if not self._sound:
            raise ApiError(
                400,
                "Error committing input audio buffer: buffer is empty.",
                code="input_audio_buffer_commit_empty",
            )
        name = f"item_{self.name()}"
        raw, self._sound = bytes(self._sound), bytearray()
        previous = self._items[-1]["id"] if self._items else None
        told = {"item_id": name, "previous_item_id": previous}
        await self.tell("input_audio_buffer.committed", **told)
        part = {"type": "input_audio", "sandbox_bytes": len(raw), "transcript": None}
        await self.add({"id": name, "type": "message", "role": "user", "content": [part]})

    def _begin(self, asked: Mapping[str, Any]) -> None:
        if self._running is not None and not self._running.done():
            raise ApiError(
                400,
                "Conversation already has an active response.",
                code="conversation_already_has_active_response",
            )
        _check_modalities(asked, "response")
        config = _merged(self._config, asked)
        items = asked.get("input")
        prompt = Prompt(self._model, counting.encoding_name(self._model.name))
        if config["instructions"]:
            prompt.add_text(str(config["instructions"]))
        for tool in config["tools"]:
            prompt.add_json(tool)
        for item in self._items if items is None else items:
            add_item(prompt, item)
        cached = self._cached(prompt)
        length = self._directives.output_tokens
        turn = take_turn(self._model, prompt, config, self.name(), cached, length)
        call = self._world.account.open("RESPONSE", self._path, self._headers)
        call.model, call.stream = self._model.name, True
        kept = asked.get("conversation") != "none"
        self._turn = turn
        self._running = asyncio.get_running_loop().create_task(self._respond(turn, call, kept))

    def _cached(self, prompt: Prompt) -> Cached:
        """What was read before: where the text is cached, all media of the last turn are too."""
        cached, _ = self._world.cache.read(prompt, "")
        audio, images = self._read
        self._read = prompt.audio_tokens, prompt.image_tokens
        if not cached:
            return Cached()
        text = min(cached, prompt.tokens - prompt.audio_tokens - prompt.image_tokens)
        return Cached(text, min(audio, prompt.audio_tokens), min(images, prompt.image_tokens))

    async def _respond(self, turn: Turn, call: Call, kept: bool) -> None:
        """Send one response at the pace of a stream, and bill it before its end is told."""
        state = CLIENT_GONE
        try:
            state = await self._say(turn, call)
        finally:
            # Cancelled, cut or left by its client: billed as far as it came.
            call.planned = turn.units
            if state != ANSWERED or turn.cancelled:
                turn.units = turn.units.cut_to(turn.produced)
            nano = provider_nano(self._model, turn.units, "default")
            self._world.account.close(call, state, units=turn.units, nano=nano)
        if state == CUT:
            await self._send({"type": "websocket.close", "code": ABNORMAL_END})
            return
        if kept and not turn.cancelled:
            self._items.append(turn.item())
        await self.tell("response.done", response=turn.document())

    async def _say(self, turn: Turn, call: Call) -> str:
        """Every event but the last; how it ended."""
        fault = self._directives.fault
        delay_ms = self._directives.event_delay_ms
        if delay_ms is None:
            delay_ms = self._world.options.event_delay_ms
        for number, (kind, values, tokens) in enumerate(turn.events()):
            if fault.name == "cut" and number == fault.number:
                return CUT
            await asyncio.sleep(delay_ms / 1000 if tokens else 0)
            if turn.cancelled:
                break
            turn.produced += tokens
            if call.event_times_ns is not None:
                call.event_times_ns.append(time.monotonic_ns())
            await self.tell(kind, **values)
        return ANSWERED

    def _cancel(self) -> None:
        if self._turn is None or self._running is None or self._running.done():
            raise ApiError(
                400,
                "Cancellation failed: no active response found.",
                code="response_cancel_not_active",
            )
        self._turn.cancelled = True

    def _find(self, event: Mapping[str, Any]) -> Item:
        name = event.get("item_id")
        for item in self._items:
            if item["id"] == name:
                return item
        raise ApiError(
            400,
            f"Item with id '{name}' does not exist.",
            param="item_id",
            code="item_not_found",
        )


def _item_of(event: Mapping[str, Any]) -> Item:
    item = event.get("item")
    if not isinstance(item, dict):
        raise missing("item")
    return item


def _check_modalities(config: Mapping[str, Any], where: str) -> None:
    given = config.get("output_modalities")
    if given is not None and given not in (["text"], ["audio"]):
        name = f"{where}.output_modalities"
        raise wrong_value(name, given, ("['text']", "['audio']"))


def _merged(config: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others in their place; objects are merged, as the API does."""
    found = dict(config)
    for name, value in given.items():
        held = found.get(name)
        if isinstance(held, dict) and isinstance(value, dict):
            value = _merged(held, value)
        found[name] = value
    return found
