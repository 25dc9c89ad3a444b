"""Finds the handler of a request by its method and path."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.account import Call
from sandbox.answer import Answer
from sandbox.errors import unknown_path, unreadable_json, wrong_method
from sandbox.faults import Directives
from sandbox.multipart import FilePart, Form


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose bearer token has been checked."""

    method: str
    path: str
    query: Mapping[str, str]
    raw: bytes
    form: Form | None
    directives: Directives
    created: int
    serial: str
    call: Call
    names: tuple[str, ...] = ()
    """The parts of the path that its template leaves open."""

    def fields(self) -> dict[str, Any]:
        """The body's fields, of JSON or of a form; none for an empty body."""
        if self.form is not None:
            return self.form.fields()
        return read_json(self.raw) if self.raw else {}

    def files(self) -> Mapping[str, list[FilePart]]:
        """What a form uploads, by field."""
        return {} if self.form is None else self.form.files


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that cost nothing: a file's content."""

    body: bytes
    content_type: str = "application/octet-stream"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


Reply = dict[str, Any] | Content | Answer
Handler = Callable[[Request], Reply | Awaitable[Reply]]
Route = tuple[str, str, Handler]
"""Method, path template (`{name}` is one segment, `{*name}` all the rest), and handler."""


class Routes:
    """A table of routes; the first that matches serves."""

    def __init__(self, table: Iterable[Route], metered: Iterable[str]) -> None:
        self._table: dict[str, tuple[re.Pattern[str], dict[str, Handler]]] = {}
        for method, template, handler in table:
            entry = self._table.setdefault(template, (_pattern(template), {}))
            entry[1][method] = handler
        self._metered = frozenset(metered)

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
        """The handler and the open parts of the path; raises `ApiError` 404 or 405."""
        known = path in self._metered
        for pattern, handlers in self._table.values():
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if method in handlers:
                return handlers[method], match.groups()
            known = True
        raise (wrong_method if known else unknown_path)(method, path)


def read_json(raw: bytes) -> dict[str, Any]:
    """A JSON object; raises `ApiError` 400."""
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise unreadable_json() from None
    if not isinstance(fields, dict):
        raise unreadable_json()
    return fields


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\*?\w+\})", template)
    rest = {True: "(.+)", False: "([^/]+)"}
    return re.compile(
        "".join(rest[one[1] == "*"] if one.startswith("{") else re.escape(one) for one in parts)
    )
