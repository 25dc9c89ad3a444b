"""`/v1/files`: uploads by form, lists, content and deletion."""

from collections import OrderedDict
from typing import Any

from sandbox.errors import ApiError, missing, wrong_value
from sandbox.multipart import FilePart
from sandbox.routes import Content, Request, Route
from sandbox.shelf import Document, Shelf

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
CONTENT_BYTES_MAX = 256 * 1024 * 1024
"""Of all files together; beyond it the oldest keep size and digest alone."""
PAGE_MAX = 10_000


class Files:
    """The files of one sandbox. Their bytes are kept up to a bound, their digests always."""

    def __init__(self) -> None:
        self._shelf = Shelf("file", PAGE_MAX)
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def routes(self) -> list[Route]:
        """What is served here."""
        return [
            ("POST", "/v1/files", self._create),
            ("GET", "/v1/files", self._list),
            ("GET", "/v1/files/{id}", lambda request: self.one(request.names[0])),
            ("DELETE", "/v1/files/{id}", self._delete),
            ("GET", "/v1/files/{id}/content", self._content),
        ]

    def add(self, part: FilePart, purpose: str, name: str, created: int) -> Document:
        """Keep a file under the id `name`: its document."""
        document: Document = {
            "id": name,
            "object": "file",
            "bytes": part.size,
            "created_at": created,
            "expires_at": None,
            "filename": part.filename,
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
            "sandbox_sha256": part.sha256,
        }
        if part.content is not None:
            self._contents[name] = part.content
            self._bytes += len(part.content)
            while self._bytes > CONTENT_BYTES_MAX:
                self._bytes -= len(self._contents.popitem(last=False)[1])
        return self._shelf.keep(document)

    def one(self, name: str) -> Document:
        """A file's document; raises `ApiError` 404."""
        found = self._shelf.find(name)
        if found is None:
            raise ApiError(404, f"No such File object: {name}", param="id")
        return found

    def content(self, name: str) -> bytes:
        """A file's bytes; raises `ApiError` 404, or 400 where only their digest was kept."""
        document = self.one(name)
        found = self._contents.get(name)
        if found is None:
            raise ApiError(
                400,
                f"The sandbox kept only size and digest of '{document['filename']}', "
                f"which has {document['bytes']} bytes.",
            )
        return found

    def _create(self, request: Request) -> Document:
        part = uploaded(request, "file")
        fields = request.fields()
        purpose = fields.get("purpose")
        if purpose is None:
            raise missing("purpose")
        if purpose not in PURPOSES:
            raise wrong_value("purpose", purpose, PURPOSES)
        document = self.add(part, purpose, f"file-{request.serial}", request.created)
        expires: Any = (fields.get("expires_after") or {}).get("seconds")
        if expires is None:
            return document
        if not str(expires).isdecimal():
            raise ApiError(
                400, "'expires_after[seconds]' is a whole number.", param="expires_after"
            )
        return self._shelf.change(document["id"], expires_at=request.created + int(expires))

    def _list(self, request: Request) -> Document:
        purpose = request.query.get("purpose")
        return self._shelf.listed(
            request.query, lambda one: purpose is None or one["purpose"] == purpose
        )

    def _content(self, request: Request) -> Content:
        name = request.names[0]
        filename = self.one(name)["filename"].encode("ascii", "replace").replace(b'"', b"")
        disposition = (b"content-disposition", b'attachment; filename="%b"' % filename)
        return Content(self.content(name), headers=[disposition])

    def _delete(self, request: Request) -> Document:
        name = request.names[0]
        self.one(name)
        self._bytes -= len(self._contents.pop(name, b""))
        return self._shelf.delete(name, "file")


def uploaded(request: Request, field: str) -> FilePart:
    """The one file of a form's field; raises `ApiError` 400."""
    if request.form is None:
        raise ApiError(400, f"Send '{field}' as multipart/form-data.", param=field)
    found = request.form.files.get(field)
    if not found:
        raise missing(field)
    return found[0]
