"""The lines of a batch: read and checked, run as calls of their endpoint, written to a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from sandbox.account import NO_UNITS
from sandbox.errors import ApiError
from sandbox.faults import Directives
from sandbox.metered import build, read_ask
from sandbox.multipart import FilePart
from sandbox.prices import provider_millionths
from sandbox.world import World

ENDPOINTS = (
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
)
"""Of OpenAI's also `/v1/images/edits` and `/v1/videos`, which the sandbox runs in no batch."""
LINES_MAX = 50_000
TIER = "batch"


@dataclass(frozen=True, slots=True)
class Line:
    """One request of the input file."""

    custom_id: str
    body: dict[str, Any]


class ResultFile:
    """Lines of an output or error file."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._lines: list[bytes] = []

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, result: Mapping[str, Any]) -> None:
        """Append a line."""
        self._lines.append(orjson.dumps(result))

    def part(self) -> FilePart:
        """The whole file."""
        raw = b"".join(line + b"\n" for line in self._lines)
        return FilePart(self._filename, len(raw), sha256(raw).hexdigest(), raw)


class Runner:
    """Runs the lines of one batch, and adds up what they use."""

    def __init__(self, world: World, endpoint: str, directives: Directives, name: str) -> None:
        self._world = world
        self._endpoint = endpoint
        self._directives = directives
        self._serial = name.removeprefix("batch_")
        self.units = NO_UNITS
        self.millionths = 0
        self.model: str | None = None

    def run(self, line: Line, place: int) -> tuple[bool, dict[str, Any]]:
        """One line: whether it was answered, and its line of the result."""
        serial = f"{self._serial}{place:06x}"
        try:
            created = self._world.now()
            ask = read_ask(
                self._world, self._endpoint, line.body, self._directives, created, serial
            )
            answer = build(ask, self._world)
        except ApiError as refusal:
            return False, _result(line, serial, refusal.status, orjson.loads(refusal.body()))
        self.model = ask.model.name
        self.units = self.units.plus(answer.units)
        self.millionths += provider_millionths(answer.model, answer.units, TIER)
        if answer.finish is not None:
            answer.finish()
        return True, _result(line, serial, 200, answer.document or {})


def read(raw: bytes, endpoint: str) -> tuple[list[Line], list[dict[str, Any]]]:
    """The lines of a file, and what is wrong with it, each with its line's number from 1."""
    lines: list[Line] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, text in enumerate(raw.splitlines(), 1):
        if not text.strip():
            continue
        try:
            lines.append(_read_line(text, number, endpoint, seen))
        except _BadLine as bad:
            errors.append(bad.entry)
    if not lines and not errors:
        errors.append(error("empty_file", "The input file must contain at least one request."))
    if len(lines) > LINES_MAX:
        errors.append(error("too_many_tasks", f"At most {LINES_MAX} requests fit a batch."))
    return lines, errors


def error(
    code: str, message: str, line: int | None = None, param: str | None = None
) -> dict[str, Any]:
    """One entry of a failed batch's `errors`."""
    return {"code": code, "message": message, "line": line, "param": param}


class _BadLine(Exception):
    def __init__(self, code: str, message: str, line: int, param: str | None = None) -> None:
        super().__init__(message)
        self.entry = error(code, message, line, param)


def _read_line(text: bytes, number: int, endpoint: str, seen: set[str]) -> Line:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _BadLine("invalid_json_line", "This line is not parseable as valid JSON.", number)
    for name in ("custom_id", "method", "url", "body"):
        if found.get(name) is None:
            message = f"Missing required parameter: '{name}'."
            raise _BadLine("missing_required_parameter", message, number, name)
    if found["method"] != "POST":
        raise _BadLine("invalid_method", "The method must be POST.", number, "method")
    if found["url"] != endpoint:
        message = f"The URL provided for this request does not match the batch's '{endpoint}'."
        raise _BadLine("mismatched_endpoint", message, number, "url")
    body, custom_id = found["body"], found["custom_id"]
    if not isinstance(body, dict) or not isinstance(custom_id, str):
        message = "'body' is an object and 'custom_id' a string."
        raise _BadLine("invalid_request", message, number, "body")
    if body.get("stream") or body.get("background"):
        message = "Streams and background responses cannot be batched."
        raise _BadLine("invalid_request", message, number, "body")
    if custom_id in seen:
        message = f"The custom_id '{custom_id}' is used more than once."
        raise _BadLine("duplicate_custom_id", message, number, "custom_id")
    seen.add(custom_id)
    return Line(custom_id, body)


def _result(line: Line, serial: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"batch_req_{serial}",
        "custom_id": line.custom_id,
        "response": {"status_code": status, "request_id": f"req_{serial}", "body": body},
        "error": None,
    }
