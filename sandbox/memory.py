"""Responses that were stored, for `GET /v1/responses/{id}` and `previous_response_id`."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sandbox.errors import ApiError

RESPONSES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished response, and how many tokens it brings into a later turn."""

    document: dict[str, Any]
    context_tokens: int


class Memory:
    """The newest responses by id."""

    def __init__(self) -> None:
        self._stored: OrderedDict[str, Stored] = OrderedDict()

    def keep(self, stored: Stored) -> None:
        """Store a finished response; the oldest makes room."""
        self._stored[stored.document["id"]] = stored
        if len(self._stored) > RESPONSES_MAX:
            self._stored.popitem(last=False)

    def one(self, name: str) -> dict[str, Any]:
        """The body of `GET /v1/responses/{id}`; raises `ApiError` 404."""
        found = self._stored.get(name)
        if found is None:
            raise ApiError(404, f"Response with id '{name}' not found.")
        return found.document

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
        self.one(name)
        del self._stored[name]
        return {"id": name, "object": "response", "deleted": True}
