"""`/v1/uploads`: a large file in parts."""

from hashlib import md5, sha256
from typing import Any

from sandbox.errors import ApiError, missing, wrong_type, wrong_value
from sandbox.files import PURPOSES, Files, uploaded
from sandbox.multipart import KEPT_BYTES_MAX, FilePart
from sandbox.routes import Request, Route
from sandbox.shelf import Document, Shelf

PART_BYTES_MAX = 64 * 1024 * 1024
UPLOAD_BYTES_MAX = 8 * 1024**3
"""Both from OpenAI's reference."""
HOUR_S = 3600


class Uploads:
    """The uploads of one sandbox. A part that is too large to keep is refused."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._shelf = Shelf("upload")
        self._parts: dict[str, dict[str, FilePart]] = {}

    def routes(self) -> list[Route]:
        """What is served here."""
        return [
            ("POST", "/v1/uploads", self._create),
            ("POST", "/v1/uploads/{id}/parts", self._add),
            ("POST", "/v1/uploads/{id}/complete", self._complete),
            ("POST", "/v1/uploads/{id}/cancel", self._cancel),
        ]

    def _create(self, request: Request) -> Document:
        fields = request.fields()
        for name in ("bytes", "filename", "mime_type", "purpose"):
            if fields.get(name) is None:
                raise missing(name)
        size = fields["bytes"]
        if not isinstance(size, int) or not 0 <= size <= UPLOAD_BYTES_MAX:
            raise wrong_type("bytes", f"an integer up to {UPLOAD_BYTES_MAX}", size)
        if fields["purpose"] not in PURPOSES:
            raise wrong_value("purpose", fields["purpose"], PURPOSES)
        document: Document = {
            "id": f"upload_{request.serial}",
            "object": "upload",
            "bytes": size,
            "created_at": request.created,
            "expires_at": request.created + HOUR_S,
            "filename": fields["filename"],
            "purpose": fields["purpose"],
            "status": "pending",
            "file": None,
        }
        self._parts[document["id"]] = {}
        return self._shelf.keep(document)

    def _add(self, request: Request) -> Document:
        upload = self._pending(request.names[0])
        part = uploaded(request, "data")
        if part.size > PART_BYTES_MAX:
            raise ApiError(413, f"A part has at most {PART_BYTES_MAX} bytes.", param="data")
        name = f"part_{request.serial}"
        held = sum(one.size for one in self._parts[upload["id"]].values())
        if held + part.size > KEPT_BYTES_MAX:
            raise ApiError(413, f"The sandbox puts together up to {KEPT_BYTES_MAX} bytes.")
        self._parts[upload["id"]][name] = part
        return {
            "id": name,
            "object": "upload.part",
            "created_at": request.created,
            "upload_id": upload["id"],
        }

    def _complete(self, request: Request) -> Document:
        upload = self._pending(request.names[0])
        fields = request.fields()
        names: Any = fields.get("part_ids")
        if not isinstance(names, list):
            raise missing("part_ids")
        parts = self._parts[upload["id"]]
        for name in names:
            if name not in parts:
                raise ApiError(400, f"No part '{name}' in this upload.", param="part_ids")
        raw = b"".join(parts[name].kept for name in names)
        if len(raw) != upload["bytes"]:
            message = f"The parts have {len(raw)} bytes, the upload said {upload['bytes']}."
            raise ApiError(400, message, param="part_ids")
        digest = md5(raw, usedforsecurity=False).hexdigest()
        if fields.get("md5") not in (None, digest):
            raise ApiError(400, "The checksum does not match.", param="md5")
        whole = FilePart(upload["filename"], len(raw), sha256(raw).hexdigest(), raw)
        file = self._files.add(whole, upload["purpose"], f"file-{request.serial}", request.created)
        del self._parts[upload["id"]]
        return self._shelf.change(upload["id"], status="completed", file=file)

    def _cancel(self, request: Request) -> Document:
        upload = self._pending(request.names[0])
        del self._parts[upload["id"]]
        return self._shelf.change(upload["id"], status="cancelled")

    def _pending(self, name: str) -> Document:
        upload = self._shelf.one(name)
        if upload["status"] != "pending":
            raise ApiError(400, f"The upload is {upload['status']}.", param="upload_id")
        return upload
