"""`/v1/chat/completions/…`: completions that were stored with `store: true`."""

from typing import Any

from sandbox.routes import Request, Route
from sandbox.shelf import Document, Shelf, listed, metadata_of

MESSAGES = "sandbox_messages"
"""Where a stored completion keeps its prompt; no answer shows it."""


class KeptChats:
    """The free endpoints around chat completions."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def routes(self) -> list[Route]:
        """What is served here."""
        one = "/v1/chat/completions/{id}"
        return [
            ("GET", "/v1/chat/completions", self._list),
            ("GET", one, lambda request: _shown(self._shelf.one(request.names[0]))),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/messages", self._messages),
        ]

    def _list(self, request: Request) -> Document:
        model = request.query.get("model")
        wanted = {
            name[len("metadata[") : -1]: value
            for name, value in request.query.items()
            if name.startswith("metadata[") and name.endswith("]")
        }

        def matches(one: Document) -> bool:
            return model in (None, one["model"]) and wanted.items() <= one["metadata"].items()

        page = self._shelf.listed(request.query, matches, order="asc")
        return {**page, "data": [_shown(one) for one in page["data"]]}

    def _update(self, request: Request) -> Document:
        changed = self._shelf.change(request.names[0], metadata=metadata_of(request.fields()))
        return _shown(changed)

    def _delete(self, request: Request) -> Document:
        return self._shelf.delete(request.names[0], "chat.completion.deleted")

    def _messages(self, request: Request) -> Document:
        kept: list[dict[str, Any]] = self._shelf.one(request.names[0])[MESSAGES]
        numbered = [
            {"name": None, **one, "id": f"{request.names[0]}-{place}"}
            for place, one in enumerate(kept)
        ]
        return listed(numbered, request.query, "asc")


def _shown(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != MESSAGES}
