"""Responses that were stored: to be retrieved, gone on from, and replayed as events."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.answer import Event
from sandbox.errors import ApiError

RESPONSES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A response, and how many tokens it brings into a later turn."""

    document: dict[str, Any]
    context_tokens: int
    items: list[dict[str, Any]] = field(default_factory=list)
    """The items of its input, oldest first."""
    events: Callable[[], Iterator[Event]] | None = None
    """Its events once more, where it was made in the background."""


class Memory:
    """The newest responses by id."""

    def __init__(self) -> None:
        self._stored: OrderedDict[str, Stored] = OrderedDict()

    def keep(self, stored: Stored) -> None:
        """Store a response, or its newer state; the oldest makes room."""
        self._stored[stored.document["id"]] = stored
        if len(self._stored) > RESPONSES_MAX:
            self._stored.popitem(last=False)

    def show(self, document: dict[str, Any]) -> None:
        """Store the state of a response that is not done; one that was deleted stays away."""
        found = self._stored.get(document["id"])
        if found is not None or document["status"] == "queued":
            self.keep(Stored(document, 0))

    def find(self, name: str) -> Stored:
        """The response of this id; raises `ApiError` 404."""
        found = self._stored.get(name)
        if found is None:
            raise ApiError(404, f"Response with id '{name}' not found.")
        return found

    def one(self, name: str) -> dict[str, Any]:
        """The body of `GET /v1/responses/{id}`; raises `ApiError` 404."""
        return self.find(name).document

    def previous(self, name: str) -> Stored:
        """The response that a new one goes on from; raises `ApiError` 400."""
        found = self._stored.get(name)
        if found is None:
            raise ApiError(
                400,
                f"Previous response with id '{name}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return found

    def forget(self, name: str) -> dict[str, Any]:
        """The body of `DELETE /v1/responses/{id}`; raises `ApiError` 404."""
        self.find(name)
        del self._stored[name]
        return {"id": name, "object": "response", "deleted": True}
