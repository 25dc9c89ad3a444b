"""Reading what an answer used, whole or as a stream."""

from dataclasses import dataclass

from config.models import Model
from proxy.endpoints import Endpoint
from proxy.sse import Event
from storage.records import Flag, Usage, WorstCase


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says of itself. `usage` is None where it says nothing believable."""

    usage: Usage | None = None
    served_model: str | None = None
    tier: str = "default"
    response_id: str | None = None
    ended_at_ceiling: bool = False
    complete: bool = True
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with one event of a stream."""

    pass_on: bool = True
    """False: the usage chunk that the client did not ask for."""
    settle: Reading | None = None
    """Usage has arrived: settle before passing on."""
    done: bool = False
    """The last event of a complete stream."""


def read_answer(endpoint: Endpoint, raw: bytes, content_encoding: str | None = None) -> Reading:
    """What a JSON answer says of itself; rubbish gives `complete=False` and no usage."""
    raise NotImplementedError


async def count_answer(
    endpoint: Endpoint,
    raw: bytes,
    model: Model | None,
    worst: WorstCase,
    output_ceiling: int,
    content_encoding: str | None = None,
) -> Usage:
    """The usage of a success that tells none, by tiktoken; hidden reasoning at what was held."""
    raise NotImplementedError


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

    def feed(self, event: Event) -> Step:
        """What one event means."""
        raise NotImplementedError

    @property
    def reading(self) -> Reading:
        """What has been read so far; `complete` once the last event was seen."""
        raise NotImplementedError

    def seen(self) -> Usage:
        """What was produced so far, by tiktoken: for a client that left, or without usage."""
        raise NotImplementedError
