"""`/v1/vector_stores`: files, ready at once, and a search that finds words."""

from typing import Any

from config.models import Fee
from sandbox.errors import ApiError, missing
from sandbox.routes import Request, Route
from sandbox.shelf import Document, Shelf, listed, metadata_of
from sandbox.usage import Units
from sandbox.world import World

RESULTS = 10
CHUNK_CHARACTERS = 800


class VectorStores:
    """The vector stores of one sandbox. Storage and searches cost nothing here."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files = world.files
        self._shelf = Shelf("vector store")
        self._inside: dict[str, dict[str, Document]] = {}
        self._batches = Shelf("file batch")

    def routes(self) -> list[Route]:
        """What is served here."""
        one = "/v1/vector_stores/{id}"
        file, batch = f"{one}/files/{{file}}", f"{one}/file_batches/{{batch}}"
        return [
            ("POST", "/v1/vector_stores", self._create),
            ("GET", "/v1/vector_stores", lambda request: self._shelf.listed(request.query)),
            ("GET", one, lambda request: self._shown(request.names[0])),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
            ("POST", f"{one}/search", self._search),
            ("POST", f"{one}/files", self._add),
            ("GET", f"{one}/files", self._list),
            ("GET", file, self._file),
            ("POST", file, self._describe),
            ("DELETE", file, self._remove),
            ("GET", f"{file}/content", self._content),
            ("POST", f"{one}/file_batches", self._add_many),
            ("GET", batch, lambda request: self._batches.one(request.names[1])),
            ("POST", f"{batch}/cancel", lambda request: self._batches.one(request.names[1])),
            ("GET", f"{batch}/files", self._list),
        ]

    def _create(self, request: Request) -> Document:
        fields = request.fields()
        name = f"vs_{request.serial}"
        self._inside[name] = {}
        for file in fields.get("file_ids") or ():
            self._put(name, str(file), request.created, {})
        document = {
            "id": name,
            "object": "vector_store",
            "created_at": request.created,
            "last_active_at": request.created,
            "name": fields.get("name") or "",
            "status": "completed",
            "expires_after": fields.get("expires_after"),
            "expires_at": None,
            "metadata": metadata_of(fields),
        }
        self._shelf.keep(document)
        return self._shown(name)

    def _shown(self, name: str) -> Document:
        """The store with what is in it now."""
        self._shelf.one(name)
        inside = self._inside[name]
        used = sum(one["usage_bytes"] for one in inside.values())
        return self._shelf.change(name, usage_bytes=used, file_counts=_counts(len(inside)))

    def _update(self, request: Request) -> Document:
        fields = request.fields()
        changeable = ("name", "expires_after")
        given: Document = {one: fields[one] for one in changeable if one in fields}
        if "metadata" in fields:
            given["metadata"] = metadata_of(fields)
        self._shelf.change(request.names[0], **given)
        return self._shown(request.names[0])

    def _delete(self, request: Request) -> Document:
        found = self._shelf.delete(request.names[0], "vector_store.deleted")
        del self._inside[request.names[0]]
        return found

    def _add(self, request: Request) -> Document:
        self._shelf.one(request.names[0])
        fields = request.fields()
        if fields.get("file_id") is None:
            raise missing("file_id")
        attributes = fields.get("attributes") or {}
        return self._put(request.names[0], str(fields["file_id"]), request.created, attributes)

    def _add_many(self, request: Request) -> Document:
        name = request.names[0]
        self._shelf.one(name)
        fields = request.fields()
        files = fields.get("file_ids") or [one.get("file_id") for one in fields.get("files") or ()]
        if not files:
            raise missing("file_ids")
        for file in files:
            self._put(name, str(file), request.created, fields.get("attributes") or {})
        return self._batches.keep(
            {
                "id": f"vsfb_{request.serial}",
                "object": "vector_store.files_batch",
                "created_at": request.created,
                "vector_store_id": name,
                "status": "completed",
                "file_counts": _counts(len(files)),
            }
        )

    def _put(self, name: str, file: str, created: int, attributes: dict[str, Any]) -> Document:
        document: Document = {
            "id": file,
            "object": "vector_store.file",
            "created_at": created,
            "vector_store_id": name,
            "status": "completed",
            "usage_bytes": self._files.one(file)["bytes"],
            "last_error": None,
            "attributes": attributes,
        }
        self._inside[name][file] = document
        return document

    def _list(self, request: Request) -> Document:
        self._shelf.one(request.names[0])
        return listed(self._inside[request.names[0]].values(), request.query, "desc")

    def _file(self, request: Request) -> Document:
        name, file = request.names
        self._shelf.one(name)
        if file not in self._inside[name]:
            raise ApiError(404, f"No file found with id '{file}' in vector store '{name}'.")
        return self._inside[name][file]

    def _describe(self, request: Request) -> Document:
        found = self._file(request)
        found["attributes"] = request.fields().get("attributes") or {}
        return found

    def _remove(self, request: Request) -> Document:
        name, file = request.names
        self._file(request)
        del self._inside[name][file]
        return {"id": file, "object": "vector_store.file.deleted", "deleted": True}

    def _content(self, request: Request) -> Document:
        text = self._files.content(self._file(request)["id"]).decode(errors="replace")
        return {
            "object": "vector_store.file_content.page",
            "data": [{"type": "text", "text": text}],
            "has_more": False,
            "next_page": None,
        }

    def _search(self, request: Request) -> Document:
        """Files by the share of the query's words that stand in them."""
        name = request.names[0]
        self._shelf.one(name)
        fields = request.fields()
        query = fields.get("query")
        if query is None:
            raise missing("query")
        queries = query if isinstance(query, list) else [str(query)]
        words = {word for one in queries for word in str(one).lower().split()}
        found = []
        for file, document in self._inside[name].items():
            text = self._files.content(file).decode(errors="replace")
            score = len(words & set(text.lower().split())) / max(len(words), 1)
            found.append(
                {
                    "file_id": file,
                    "filename": self._files.one(file)["filename"],
                    "score": score,
                    "attributes": document["attributes"],
                    "content": [{"type": "text", "text": text[:CHUNK_CHARACTERS]}],
                }
            )
        found.sort(key=lambda one: -float(one["score"]))
        fee = self._world.catalogue.table.fees_nano.get(Fee.FILE_SEARCH, 0)
        self._world.account.bill_late(request.call, Units(file_searches=1), fee)
        return {
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": found[: fields.get("max_num_results") or RESULTS],
            "has_more": False,
            "next_page": None,
        }


def _counts(files: int) -> dict[str, int]:
    rest = {"in_progress": 0, "failed": 0, "cancelled": 0}
    return {**rest, "completed": files, "total": files}
