"""`/v1/responses/…`: what was stored is retrieved, replayed, cancelled, deleted; and counted."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from sandbox.answer import Answer, Event
from sandbox.background import Background
from sandbox.errors import ApiError, missing
from sandbox.inputs import read_prompt
from sandbox.memory import Stored
from sandbox.metered import read_ask
from sandbox.params import RESPONSES, check_fields
from sandbox.routes import Reply, Request, Route
from sandbox.shelf import Document, listed
from sandbox.usage import Units
from sandbox.world import World

COUNTING_MODEL = "gpt-4o"
"""Whose tokens are counted where a request names no model."""


class KeptResponses:
    """The free endpoints around responses."""

    def __init__(self, world: World, background: Background) -> None:
        self._world = world
        self._background = background

    def routes(self) -> list[Route]:
        """What is served here."""
        one = "/v1/responses/{id}"
        return [
            ("POST", "/v1/responses/input_tokens", self._count),
            ("GET", one, self._retrieve),
            ("DELETE", one, lambda request: self._world.memory.forget(request.names[0])),
            ("POST", f"{one}/cancel", lambda request: self._background.cancel(request.names[0])),
            ("GET", f"{one}/input_items", self._input_items),
        ]

    async def _retrieve(self, request: Request) -> Reply:
        name = request.names[0]
        stored = self._world.memory.find(name)
        if request.query.get("stream") != "true":
            return stored.document
        if not stored.document["background"]:
            raise ApiError(400, "Only a background response can be streamed again.", param="stream")
        after = request.query.get("starting_after", "-1")
        if not after.removeprefix("-").isdecimal():
            raise ApiError(400, "'starting_after' is a whole number.", param="starting_after")
        await self._background.until_done(name)
        stored = self._world.memory.find(name)
        model = self._world.catalogue.find(stored.document["model"])
        return Answer(model, "default", Units(), events=_replayed(stored, int(after)))

    def _input_items(self, request: Request) -> Document:
        return listed(self._world.memory.find(request.names[0]).items, request.query, "desc")

    def _count(self, request: Request) -> Document:
        fields: Mapping[str, Any] = {"model": COUNTING_MODEL, **request.fields()}
        known = {name: value for name, value in fields.items() if name != "personality"}
        ask = read_ask(
            self._world,
            "/v1/responses",
            known,
            request.directives,
            request.created,
            request.serial,
        )
        check_fields(ask.fields, RESPONSES)
        earlier = fields.get("previous_response_id")
        if fields.get("input") is None:
            raise missing("input")
        before = self._world.memory.previous(earlier).context_tokens if earlier else 0
        return {"object": "response.input_tokens", "input_tokens": read_prompt(ask, before).tokens}


def _replayed(stored: Stored, after: int) -> Iterator[Event]:
    """The events of a finished response, from the number after `after`."""
    events = stored.events() if stored.events is not None else iter(())
    for number, event in enumerate(events):
        if number > after:
            yield Event(event.raw, 0)
    if stored.events is None:
        status = stored.document["status"]
        body = {"type": f"response.{status}", "response": stored.document, "sequence_number": 0}
        yield Event(b"event: response.%b\ndata: %b\n\n" % (status.encode(), orjson.dumps(body)), 0)
