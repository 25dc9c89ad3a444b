"""`/v1/conversations`: items that several responses share."""

from collections.abc import Mapping
from typing import Any

from sandbox.errors import ApiError, missing, wrong_type
from sandbox.inputs import as_items
from sandbox.routes import Request, Route
from sandbox.shelf import Document, Shelf, listed, metadata_of

ITEMS_MAX = 20
"""That one call may add."""


class Conversations:
    """The conversations of one sandbox, and the items in each."""

    def __init__(self) -> None:
        self._shelf = Shelf("conversation")
        self._items: dict[str, list[Document]] = {}

    def routes(self) -> list[Route]:
        """What is served here."""
        one, items = "/v1/conversations/{id}", "/v1/conversations/{id}/items"
        return [
            ("POST", "/v1/conversations", self._create),
            ("GET", one, lambda request: self._shelf.one(request.names[0])),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
            ("POST", items, self._add),
            ("GET", items, self._list),
            ("GET", f"{items}/{{item}}", self._item),
            ("DELETE", f"{items}/{{item}}", self._remove),
        ]

    def named(self, fields: Mapping[str, Any]) -> str | None:
        """The conversation that a response belongs to; raises `ApiError` 400 or 404."""
        given = fields.get("conversation")
        name = given.get("id") if isinstance(given, dict) else given
        if name is None:
            return None
        if fields.get("previous_response_id") is not None:
            raise ApiError(
                400,
                "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
                param="conversation",
                code="mutually_exclusive_parameters",
            )
        return str(self._shelf.one(str(name))["id"])

    def items_of(self, name: str) -> list[Document]:
        """Everything said so far, oldest first."""
        return self._items[name]

    def append(self, name: str, items: list[Document]) -> None:
        """Go on; a conversation deleted meanwhile takes nothing."""
        if name in self._items:
            self._items[name] = [*self._items[name], *items]

    def _create(self, request: Request) -> Document:
        fields = request.fields()
        name = f"conv_{request.serial}"
        document = self._shelf.keep(
            {
                "id": name,
                "object": "conversation",
                "created_at": request.created,
                "metadata": metadata_of(fields),
            }
        )
        self._items[name] = _given_items(fields, request.serial)
        return document

    def _update(self, request: Request) -> Document:
        return self._shelf.change(request.names[0], metadata=metadata_of(request.fields()))

    def _delete(self, request: Request) -> Document:
        found = self._shelf.delete(request.names[0], "conversation.deleted")
        del self._items[request.names[0]]
        return found

    def _add(self, request: Request) -> Document:
        name = request.names[0]
        self._shelf.one(name)
        fields = request.fields()
        if fields.get("items") is None:
            raise missing("items")
        added = _given_items(fields, request.serial)
        self.append(name, added)
        return listed(added, {"order": "asc"}, "asc")

    def _list(self, request: Request) -> Document:
        self._shelf.one(request.names[0])
        return listed(self._items[request.names[0]], request.query, "desc")

    def _item(self, request: Request) -> Document:
        name, item = request.names
        self._shelf.one(name)
        for one in self._items[name]:
            if one["id"] == item:
                return one
        raise ApiError(404, f"Item with id '{item}' not found in conversation '{name}'.")

    def _remove(self, request: Request) -> Document:
        name = request.names[0]
        gone = self._item(request)
        self._items[name] = [one for one in self._items[name] if one is not gone]
        return self._shelf.one(name)


def _given_items(fields: Mapping[str, Any], serial: str) -> list[Document]:
    given = fields.get("items") or []
    if not isinstance(given, list):
        raise wrong_type("items", "an array of objects", given)
    for place, one in enumerate(given):
        if not isinstance(one, dict):
            raise wrong_type(f"items[{place}]", "an object", one)
    if len(given) > ITEMS_MAX:
        raise ApiError(400, f"At most {ITEMS_MAX} items may be added at a time.", param="items")
    return as_items(given, serial)
