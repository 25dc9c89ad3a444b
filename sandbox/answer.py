"""What an endpoint hands to the wire: a JSON document or events, with what they cost."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from config.models import Model
from sandbox.faults import Directives
from sandbox.multipart import FilePart
from sandbox.usage import Units

EVENTS = "text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"
BAD_VALUES: tuple[Any, ...] = ("many", -5, None)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request whose bearer token, JSON and model have been checked."""

    path: str
    fields: Mapping[str, Any]
    model: Model
    served_name: str
    """What the answer calls the model: a dated snapshot for an alias, as OpenAI does."""
    directives: Directives
    created: int
    """Seconds since the Unix epoch."""
    serial: str
    """Makes ids unique: 24 hexadecimal digits."""
    files: Mapping[str, list[FilePart]] = field(default_factory=dict)
    """What was uploaded with a multipart form, by field."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event, and how many output tokens exist once it is out."""

    raw: bytes
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: `document` for JSON, `content` for other bytes, `events` for what streams."""

    model: Model
    tier: str
    units: Units
    document: dict[str, Any] | None = None
    events: Iterator[Event] | None = None
    content: bytes | None = None
    content_type: str = EVENTS
    """Of `events` or `content`."""
    finish: Callable[[], None] | None = None
    """Called once the answer is complete: keeps a response for later turns."""
    in_background: bool = False
    """A stream that goes on, and is billed whole, when the client leaves."""


def shown(ask: Ask, usage: dict[str, Any]) -> dict[str, Any] | None:
    """`usage` as the client sees it: true, but where the test ordered it missing or bad."""
    match ask.directives.fault.name:
        case "no_usage":
            return None
        case "bad_usage":
            return {name: BAD_VALUES[place % 3] for place, name in enumerate(usage)}
        case _:
            return usage


def data_event(document: Mapping[str, Any]) -> bytes:
    """A chunk as chat and legacy completions send it."""
    return b"data: " + orjson.dumps(document) + b"\n\n"


def named_event(document: Mapping[str, Any]) -> bytes:
    """An event as the responses API sends it: its type stands in the `event` line too."""
    return b"event: %b\ndata: %b\n\n" % (document["type"].encode(), orjson.dumps(document))
