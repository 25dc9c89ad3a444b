"""`/v1/batches`: a file of requests, run one by one at batch prices."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from sandbox import batch_lines
from sandbox.account import Call
from sandbox.batch_lines import ENDPOINTS, Line, ResultFile
from sandbox.errors import ApiError, missing, wrong_value
from sandbox.faults import Directives
from sandbox.prices import rounded_up
from sandbox.routes import Request, Route
from sandbox.shelf import Document, Shelf, metadata_of
from sandbox.usage import Units, batch_usage
from sandbox.world import World

VALIDATING_SHARE = 0.3
"""Of the whole time; the lines share the rest evenly."""
DAY_S = 24 * 60 * 60
OPEN = ("validating", "in_progress", "finalizing")


class Batches:
    """The batches of one sandbox."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shelf = Shelf("batch")

    def routes(self) -> list[Route]:
        """What is served here."""
        return [
            ("POST", "/v1/batches", self._create),
            ("GET", "/v1/batches", lambda request: self._shelf.listed(request.query)),
            ("GET", "/v1/batches/{id}", lambda request: self._shelf.one(request.names[0])),
            ("POST", "/v1/batches/{id}/cancel", self._cancel),
        ]

    def _create(self, request: Request) -> Document:
        fields = request.fields()
        for name in ("input_file_id", "endpoint", "completion_window"):
            if fields.get(name) is None:
                raise missing(name)
        if fields["endpoint"] not in ENDPOINTS:
            raise wrong_value("endpoint", fields["endpoint"], ENDPOINTS)
        if fields["completion_window"] != "24h":
            raise wrong_value("completion_window", fields["completion_window"], ("24h",))
        file = self._world.files.one(str(fields["input_file_id"]))
        if file["purpose"] != "batch":
            raise ApiError(400, "The file's purpose must be 'batch'.", param="input_file_id")
        document = self._shelf.keep(_opening(request, fields))
        seconds = self._world.late_s(request.directives)
        self._world.spawn(self._run(document["id"], request.call, request.directives, seconds))
        return document

    def _cancel(self, request: Request) -> Document:
        name = request.names[0]
        status = self._shelf.one(name)["status"]
        if status not in OPEN:
            raise ApiError(409, f"Cannot cancel a batch with status '{status}'.")
        return self._shelf.change(name, status="cancelling", cancelling_at=request.created)

    async def _run(self, name: str, call: Call, directives: Directives, seconds: float) -> None:
        """The life of one batch."""
        await asyncio.sleep(seconds * VALIDATING_SHARE)
        batch = self._shelf.one(name)
        try:
            raw = self._world.files.content(batch["input_file_id"])
            lines, errors = batch_lines.read(raw, batch["endpoint"])
        except ApiError as error:
            lines, errors = [], [batch_lines.error("invalid_file", error.message)]
        if errors:
            listed = {"object": "list", "data": errors}
            self._shelf.change(name, status="failed", failed_at=self._world.now(), errors=listed)
            return
        self._begin(name, lines)
        done = ResultFile("batch_output.jsonl")
        failed = ResultFile("batch_errors.jsonl")
        runner = batch_lines.Runner(self._world, batch["endpoint"], directives, name)
        began = time.monotonic()
        for place, line in enumerate(lines):
            due = began + seconds * (1 - VALIDATING_SHARE) * (place + 1) / len(lines)
            await asyncio.sleep(max(due - time.monotonic(), 0))
            if self._shelf.one(name)["status"] == "cancelling":
                break
            good, result = runner.run(line, place)
            (done if good else failed).add(result)
            self._count(name, done, failed, len(lines))
        self._end(name, call, runner, done, failed)

    def _begin(self, name: str, lines: list[Line]) -> None:
        models = {str(line.body.get("model")) for line in lines}
        counts = {"total": len(lines), "completed": 0, "failed": 0}
        self._shelf.change(
            name, model=models.pop() if len(models) == 1 else None, request_counts=counts
        )
        if self._shelf.one(name)["status"] == "validating":
            self._shelf.change(name, status="in_progress", in_progress_at=self._world.now())

    def _count(self, name: str, done: ResultFile, failed: ResultFile, total: int) -> None:
        counts = {"total": total, "completed": len(done), "failed": len(failed)}
        self._shelf.change(name, request_counts=counts)

    def _end(
        self,
        name: str,
        call: Call,
        runner: batch_lines.Runner,
        done: ResultFile,
        failed: ResultFile,
    ) -> None:
        """Keep the files, bill what was run, and say that it is over."""
        self._world.account.bill_late(call, runner.units, rounded_up(runner.millionths))
        call.tier, call.model = "batch", runner.model
        files: dict[str, Any] = {}
        for field, file, kind in (
            ("output_file_id", done, "out"),
            ("error_file_id", failed, "err"),
        ):
            if len(file):
                part = file.part()
                kept = f"file-{kind}{name.removeprefix('batch_')}"
                self._world.files.add(part, "batch_output", kept, self._world.now())
                files[field] = kept
        cancelled = self._shelf.one(name)["status"] == "cancelling"
        over = (
            {"status": "cancelled", "cancelled_at": self._world.now()}
            if cancelled
            else {
                "status": "completed",
                "finalizing_at": self._world.now(),
                "completed_at": self._world.now(),
            }
        )
        usage = batch_usage(runner.units)
        self._shelf.change(name, **files, **over, usage=usage)


def _opening(request: Request, fields: Mapping[str, Any]) -> Document:
    return {
        "id": f"batch_{request.serial}",
        "object": "batch",
        "endpoint": fields["endpoint"],
        "model": None,
        "errors": None,
        "input_file_id": fields["input_file_id"],
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": request.created,
        "in_progress_at": None,
        "expires_at": request.created + DAY_S,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": batch_usage(Units()),
        "metadata": metadata_of(fields) or None,
    }
