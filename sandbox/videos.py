"""`/v1/videos`: made late, billed by the second when they are done."""

from typing import Any

from config.models import Model, PriceKind
from sandbox.account import Call
from sandbox.errors import ApiError, missing, wrong_value
from sandbox.prices import provider_nano
from sandbox.routes import Content, Request, Route
from sandbox.shelf import Document, Shelf
from sandbox.usage import Units
from sandbox.world import World

DEFAULT_MODEL = "sora-2"
SECONDS = ("4", "8", "12")
LOW_SIZES = ("720x1280", "1280x720")
HIGH_SIZES = ("1024x1792", "1792x1024")
HIGH_MODEL = "sora-2-pro"
DAY_S = 24 * 60 * 60
CONTENT = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
"""The start of an MP4 file, and nothing after it."""


class Videos:
    """The videos of one sandbox."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shelf = Shelf("video")

    def routes(self) -> list[Route]:
        """What is served here."""
        one = "/v1/videos/{id}"
        return [
            ("POST", "/v1/videos", self._create),
            ("GET", "/v1/videos", lambda request: self._shelf.listed(request.query)),
            ("GET", one, lambda request: self._shelf.one(request.names[0])),
            ("DELETE", one, lambda request: self._shelf.delete(request.names[0], "video.deleted")),
            ("GET", f"{one}/content", self._content),
            ("POST", f"{one}/remix", self._remix),
        ]

    def _create(self, request: Request) -> Document:
        return self._order(request, request.fields(), None)

    def _remix(self, request: Request) -> Document:
        source = self._shelf.one(request.names[0])
        inherited = {name: source[name] for name in ("model", "seconds", "size")}
        return self._order(request, {**inherited, **request.fields()}, source["id"])

    def _order(self, request: Request, fields: dict[str, Any], remixed: str | None) -> Document:
        if not fields.get("prompt"):
            raise missing("prompt")
        name = str(fields.get("model") or DEFAULT_MODEL)
        self._world.catalogue.find_for(name, "/v1/videos")
        seconds = str(fields.get("seconds") or SECONDS[0])
        if seconds not in SECONDS:
            raise wrong_value("seconds", seconds, SECONDS)
        size = str(fields.get("size") or LOW_SIZES[0])
        sizes = (*LOW_SIZES, *HIGH_SIZES) if name.startswith(HIGH_MODEL) else LOW_SIZES
        if size not in sizes:
            raise wrong_value("size", size, sizes)
        # The price list has a name of its own for the large sizes.
        billed = self._world.catalogue.find(f"{name}-high-res" if size in HIGH_SIZES else name)
        if PriceKind.VIDEO_SECOND not in billed.prices:
            raise ApiError(400, f"No price is known for {billed.name}.", param="model")
        document = self._shelf.keep(
            {
                "id": f"video_{request.serial}",
                "object": "video",
                "created_at": request.created,
                "completed_at": None,
                "expires_at": None,
                "status": "queued",
                "progress": 0,
                "model": name,
                "prompt": fields["prompt"],
                "seconds": seconds,
                "size": size,
                "quality": "standard",
                "remixed_from_video_id": remixed,
                "error": None,
            }
        )
        request.call.model = billed.name
        name, late_s = document["id"], self._world.late_s(request.directives)
        self._world.after(late_s / 2, lambda: self._progress(name))
        self._world.after(late_s, lambda: self._finish(name, request.call, billed, int(seconds)))
        return document

    def _progress(self, name: str) -> None:
        if self._shelf.find(name) is not None:
            self._shelf.change(name, status="in_progress", progress=50)

    def _finish(self, name: str, call: Call, billed: Model, seconds: int) -> None:
        """Done and billed, also where it was deleted meanwhile."""
        units = Units(video_seconds=seconds)
        self._world.account.bill_late(call, units, provider_nano(billed, units, "default"))
        if self._shelf.find(name) is not None:
            now = self._world.now()
            over = {"completed_at": now, "expires_at": now + DAY_S}
            self._shelf.change(name, status="completed", progress=100, **over)

    def _content(self, request: Request) -> Content:
        if self._shelf.one(request.names[0])["status"] != "completed":
            raise ApiError(404, "The video is not ready yet.")
        return Content(CONTENT, "video/mp4")
