"""`/v1/containers`: each is billed one code session when it is made."""

from config.models import Fee
from sandbox.errors import ApiError, missing
from sandbox.files import uploaded
from sandbox.multipart import FilePart
from sandbox.routes import Content, Request, Route
from sandbox.shelf import Document, Shelf, listed
from sandbox.usage import Units
from sandbox.world import World


class Containers:
    """The containers of one sandbox. Nothing runs in them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shelf = Shelf("container")
        self._files: dict[str, dict[str, tuple[Document, FilePart]]] = {}

    def routes(self) -> list[Route]:
        """What is served here."""
        one = "/v1/containers/{id}"
        file = f"{one}/files/{{file}}"
        return [
            ("POST", "/v1/containers", self._create),
            ("GET", "/v1/containers", lambda request: self._shelf.listed(request.query)),
            ("GET", one, lambda request: self._shelf.one(request.names[0])),
            ("DELETE", one, self._delete),
            ("POST", f"{one}/files", self._add),
            ("GET", f"{one}/files", self._list),
            ("GET", file, lambda request: self._find(request)[0]),
            ("GET", f"{file}/content", lambda request: Content(self._find(request)[1].kept)),
            ("DELETE", file, self._remove),
        ]

    def _create(self, request: Request) -> Document:
        fields = request.fields()
        if fields.get("name") is None:
            raise missing("name")
        document: Document = {
            "id": f"cntr_{request.serial}",
            "object": "container",
            "created_at": request.created,
            "status": "running",
            "expires_after": fields.get("expires_after")
            or {"anchor": "last_active_at", "minutes": 20},
            "last_active_at": request.created,
            "memory_limit": fields.get("memory_limit") or "1g",
            "name": fields["name"],
        }
        self._files[document["id"]] = {}
        fee = self._world.catalogue.table.fees_nano.get(Fee.CODE_SESSION, 0)
        self._world.account.bill_late(request.call, Units(code_sessions=1), fee)
        return self._shelf.keep(document)

    def _delete(self, request: Request) -> Document:
        found = self._shelf.delete(request.names[0], "container.deleted")
        del self._files[request.names[0]]
        return found

    def _add(self, request: Request) -> Document:
        name = request.names[0]
        self._shelf.one(name)
        if request.form is None:
            kept = str(request.fields().get("file_id") or "")
            source = self._world.files.one(kept)
            raw = self._world.files.content(kept)
            part = FilePart(source["filename"], len(raw), source["sandbox_sha256"], raw)
        else:
            part = uploaded(request, "file")
        document: Document = {
            "id": f"cfile_{request.serial}",
            "object": "container.file",
            "container_id": name,
            "created_at": request.created,
            "bytes": part.size,
            "path": f"/mnt/data/{part.filename}",
            "source": "user",
        }
        self._files[name][document["id"]] = (document, part)
        return document

    def _list(self, request: Request) -> Document:
        self._shelf.one(request.names[0])
        inside = self._files[request.names[0]].values()
        return listed((document for document, _ in inside), request.query, "desc")

    def _find(self, request: Request) -> tuple[Document, FilePart]:
        name, file = request.names
        self._shelf.one(name)
        if file not in self._files[name]:
            raise ApiError(404, f"No file found with id '{file}' in container '{name}'.")
        return self._files[name][file]

    def _remove(self, request: Request) -> Document:
        name, file = request.names
        self._find(request)
        del self._files[name][file]
        return {"id": file, "object": "container.file.deleted", "deleted": True}
