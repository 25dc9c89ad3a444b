"""The events of a streamed response, in OpenAI's order and numbered without a gap."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.answer import Event, named_event
from sandbox.text import Piece

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One finished output item, and the pieces in which its text or arguments arrive."""

    document: Body
    pieces: list[Piece] = field(default_factory=list)
    opening_tokens: int = 0
    """Tokens that exist before the first piece: a function's name."""
    logprobs: list[Body] | None = None


def events(
    finished: Body, items: list[Item], hidden_tokens: int, *, queued: bool = False
) -> Iterator[Event]:
    """Every event of the response `finished`; `hidden_tokens` were spent before the first.

    A response in the background says first that it is `queued`.
    """
    opening = {**finished, "status": "in_progress", "output": [], "usage": None}
    opening["incomplete_details"] = None
    produced = hidden_tokens
    for number, (body, tokens) in enumerate(_bodies(opening, finished, items, queued)):
        produced += tokens
        yield Event(named_event({**body, "sequence_number": number}), produced)


def _bodies(
    opening: Body, finished: Body, items: list[Item], queued: bool
) -> Iterator[tuple[Body, int]]:
    first = {**opening, "status": "queued"} if queued else opening
    yield {"type": "response.created", "response": first}, 0
    if queued:
        yield {"type": "response.queued", "response": first}, 0
    yield {"type": "response.in_progress", "response": opening}, 0
    for place, item in enumerate(items):
        match item.document["type"]:
            case "message":
                steps = _message(item)
            case "function_call":
                steps = _function_call(item)
            case "reasoning":
                steps = iter(())
            case kind:
                steps = _hosted(kind)
        where = {"output_index": place}
        unfinished = _unfinished(item.document)
        yield (
            {"type": "response.output_item.added", **where, "item": unfinished},
            item.opening_tokens,
        )
        for body, tokens in steps:
            yield {**body, "item_id": item.document["id"], **where}, tokens
        yield {"type": "response.output_item.done", **where, "item": item.document}, 0
    yield {"type": f"response.{finished['status']}", "response": finished}, 0


def _unfinished(document: Body) -> Body:
    """The item as it is announced: nothing in it yet."""
    empty: Body = {"content": [], "arguments": "", "status": "in_progress"}
    return {name: empty.get(name, value) for name, value in document.items()}


def _message(item: Item) -> Iterator[tuple[Body, int]]:
    part = item.document["content"][0]
    where = {"content_index": 0}
    empty = {**part, "text": "", "logprobs": []}
    yield {"type": "response.content_part.added", **where, "part": empty}, 0
    for number, (piece, weight) in enumerate(item.pieces):
        logprobs = [] if item.logprobs is None else [item.logprobs[number]]
        delta = {"type": "response.output_text.delta", **where, "delta": piece}
        yield {**delta, "logprobs": logprobs}, weight
    done = {"type": "response.output_text.done", **where, "text": part["text"]}
    yield {**done, "logprobs": part["logprobs"]}, 0
    yield {"type": "response.content_part.done", **where, "part": part}, 0


def _function_call(item: Item) -> Iterator[tuple[Body, int]]:
    for piece, weight in item.pieces:
        yield {"type": "response.function_call_arguments.delta", "delta": piece}, weight
    arguments = item.document["arguments"]
    name = item.document["name"]
    yield (
        {"type": "response.function_call_arguments.done", "arguments": arguments, "name": name},
        0,
    )


def _hosted(kind: str) -> Iterator[tuple[Body, int]]:
    busy = "interpreting" if kind == "code_interpreter_call" else "searching"
    for step in ("in_progress", busy, "completed"):
        yield {"type": f"response.{kind}.{step}"}, 0
