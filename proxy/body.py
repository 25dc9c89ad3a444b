"""A request body: decoded once, refused where two parsers could read it differently, spliced.

What is forwarded is the client's own bytes. Where a ceiling or `include_usage` must be written
in, exactly those bytes change: nothing is serialised again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import orjson

from config.bounds import JSON_DEPTH_MAX, MIB

NODES_MAX: Final = 4_000_000
"""Commas and opening brackets, those in text too: bounds memory at about 60 bytes each."""

READ_INLINE_BYTES_MAX: Final = MIB
"""Larger bodies are read off the event loop: this one takes about 5 ms."""

MEMBERS_MAX: Final = 512
"""Top-level keys of a body; the API knows about forty."""

MODEL_CHARACTERS_MAX: Final = 256

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class BadBody(Exception):
    """A body that is answered with 400 in OpenAI's shape: nothing was sent."""

    def __init__(
        self, message: str, param: str | None = None, code: str | None = "invalid_request"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a multipart form: its size, and its first bytes."""

    field: str
    size_bytes: int
    head: bytes


@dataclass(frozen=True)
class Body:
    """`spans` are byte offsets into `raw` of each top-level value.

    Of a multipart form only the fields stand here, and what is known of its files.
    """

    raw: bytes
    fields: Mapping[str, Any]
    spans: Mapping[str, tuple[int, int]]
    files: tuple[FilePart, ...] = ()

    @property
    def model(self) -> str:
        """The model asked for. Raises `BadBody`."""
        return model_name(self.fields.get("model"))

    @property
    def stream(self) -> bool:
        """The client asked for a stream. Raises `BadBody`."""
        return _flag(self.fields.get("stream"), "stream")

    @property
    def wants_usage(self) -> bool:
        """The client itself asked for usage in its stream. Raises `BadBody`."""
        options = self.fields.get("stream_options")
        if options is None:
            return False
        if not isinstance(options, dict):
            raise BadBody("'stream_options' must be an object", "stream_options", "invalid_type")
        return _flag(options.get("include_usage"), "stream_options.include_usage")

    def text(self, field: str) -> str:
        """The JSON text of a top-level value, as the client wrote it."""
        start, end = self.spans[field]
        return self.raw[start:end].decode()


def model_name(model: object) -> str:
    """The name of a model, as the ledger can keep it. Raises `BadBody`."""
    if model is None:
        raise BadBody("you must provide a model parameter", "model")
    if not isinstance(model, str):
        raise BadBody("'model' must be a string", "model", "invalid_type")
    if not 0 < len(model) <= MODEL_CHARACTERS_MAX or not model.isprintable():
        raise BadBody(
            f"'model' must have 1 to {MODEL_CHARACTERS_MAX} printable characters", "model"
        )
    return model


def _flag(value: object, param: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise BadBody(f"'{param}' must be true or false", param, "invalid_type")
    return value


def read_body(raw: bytes) -> Body:
    """The decoded body; about 0.2 s for 50 MB.

    Raises `BadBody` for no body, broken JSON, what is not an object, duplicate keys at any
    level (parsers differ in which one wins, so a bound on one would not bound the other),
    bad UTF-8 (lone surrogates included), a byte order mark, NaN, and what exceeds the bounds.
    """
    if not raw.strip(b" \t\r\n"):
        raise BadBody("the request has no body: send a JSON object")
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > NODES_MAX:
        raise BadBody(f"the body has more than {NODES_MAX} values")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody(f"the body is not UTF-8: byte {error.start} is wrong") from None
    if text.startswith("\ufeff"):
        raise BadBody("the body starts with a byte order mark: send JSON without one")
    start = _skip_space(text, 0)
    if text[start] != "{":
        raise BadBody("the body is not a JSON object")
    try:
        members, end = _members(text, start)
        if _skip_space(text, end) != len(text):
            raise BadBody(f"the body is not valid JSON: more follows at character {end}")
        if _SURROGATE_ESCAPE.search(text):
            orjson.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadBody(f"the body is not valid JSON: {_reason(error)}") from None
    fields = {key: value for key, value, _, _ in members}
    if raw.count(b"[") + raw.count(b"{") > JSON_DEPTH_MAX:
        _check_depth(fields)
    return Body(raw, fields, _byte_spans(text, members))


def with_ceiling(body: Body, field: str, tokens: int) -> Body:
    """The body with an output ceiling written in, where the client set none.

    Raises `ValueError` if it did: an explicit ceiling is never changed.
    """
    if body.fields.get(field) is not None:
        raise ValueError(f"{field} is set by the client")
    return _with_member(body, field, str(tokens).encode(), tokens)


def with_usage(body: Body) -> Body:
    """The body with `stream_options.include_usage: true`. Raises `BadBody` as `wants_usage`."""
    if body.wants_usage:
        return body
    options = body.fields.get("stream_options")
    if options is None:
        return _with_member(
            body, "stream_options", b'{"include_usage":true}', {"include_usage": True}
        )
    start, end = body.spans["stream_options"]
    text = body.raw[start:end].decode()
    members, _ = _members(text, 0)
    inner = Body(text.encode(), options, _byte_spans(text, members))
    spliced = _with_member(inner, "include_usage", b"true", True)
    return _replaced(body, "stream_options", spliced.raw, spliced.fields)


def with_metadata(body: Body, key: str, text: str) -> Body:
    """The body with `metadata.<key>` set to a text. Raises `BadBody` for other metadata."""
    value = json.dumps(text).encode()
    given = body.fields.get("metadata")
    if given is None:
        return _with_member(body, "metadata", b'{"%b":%b}' % (key.encode(), value), {key: text})
    if not isinstance(given, dict):
        raise BadBody("'metadata' must be an object", "metadata", "invalid_type")
    start, end = body.spans["metadata"]
    inside = body.raw[start:end].decode()
    members, _ = _members(inside, 0)
    inner = Body(inside.encode(), given, _byte_spans(inside, members))
    spliced = _with_member(inner, key, value, text)
    return _replaced(body, "metadata", spliced.raw, spliced.fields)


def _with_member(body: Body, key: str, value: bytes, decoded: object) -> Body:
    """The object with `key` set: in place of its value, or after the last member."""
    if key in body.spans:
        return _replaced(body, key, value, decoded)
    last = max((end for _, end in body.spans.values()), default=None)
    at = body.raw.index(b"{") + 1 if last is None else last
    prefix = (b"" if last is None else b",") + b'"' + key.encode() + b'":'
    start = at + len(prefix)
    return Body(
        body.raw[:at] + prefix + value + body.raw[at:],
        {**body.fields, key: decoded},
        {**body.spans, key: (start, start + len(value))},
    )


def _replaced(body: Body, key: str, value: bytes, decoded: object) -> Body:
    start, end = body.spans[key]
    shift = len(value) - (end - start)
    spans = {
        name: (first + shift, last + shift) if first >= end else (first, last)
        for name, (first, last) in body.spans.items()
    }
    spans[key] = (start, start + len(value))
    raw = body.raw[:start] + value + body.raw[end:]
    return Body(raw, {**body.fields, key: decoded}, spans)


_Member = tuple[str, Any, int, int]
"""Key, value, and the character offsets between which the value stands."""


def _members(text: str, start: int) -> tuple[list[_Member], int]:
    """The members of the object at `start`, and where it ends.

    The value of each is read by the standard library's scanner, in C, at its speed: only the
    top level is stepped through here. Raises `ValueError`, `RecursionError`, `BadBody`.
    """
    members: list[_Member] = []
    seen: set[str] = set()
    at = _skip_space(text, start + 1)
    if text[at : at + 1] == "}":
        return members, at + 1
    while True:
        if text[at : at + 1] != '"':
            raise ValueError(f"a key is expected at character {at}")
        key, at = _DECODER.raw_decode(text, at)
        if key in seen:
            _refuse_duplicate(key)
        seen.add(key)
        if len(seen) > MEMBERS_MAX:
            raise BadBody(f"the body has more than {MEMBERS_MAX} keys")
        at = _skip_space(text, at)
        if text[at : at + 1] != ":":
            raise ValueError(f"':' is expected at character {at}")
        first = _skip_space(text, at + 1)
        value, last = _DECODER.raw_decode(text, first)
        members.append((key, value, first, last))
        at = _skip_space(text, last)
        if text[at : at + 1] == "}":
            return members, at + 1
        if text[at : at + 1] != ",":
            raise ValueError(f"',' or '}}' is expected at character {at}")
        at = _skip_space(text, at + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        keys = [key for key, _ in pairs]
        _refuse_duplicate(next(key for key in keys if keys.count(key) > 1))
    return decoded


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_duplicate(key: str) -> NoReturn:
    shown = key if len(key) <= 64 else key[:64] + "…"
    raise BadBody(f"the key {shown!r} stands twice in one object", shown, "duplicate_key")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"it nests deeper than {JSON_DEPTH_MAX} levels"
    return str(error)


def _check_depth(fields: Mapping[str, Any]) -> None:
    """Level by level, so that no later walk can run out of stack."""
    level: list[Any] = list(fields.values())
    for _ in range(JSON_DEPTH_MAX):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if not below:
            return
        level = below
    raise BadBody(f"the body nests deeper than {JSON_DEPTH_MAX} levels")


def _byte_spans(text: str, members: list[_Member]) -> dict[str, tuple[int, int]]:
    if text.isascii():
        return {key: (first, last) for key, _, first, last in members}
    spans: dict[str, tuple[int, int]] = {}
    character = byte = 0
    for key, _, first, last in members:
        start = byte + len(text[character:first].encode())
        byte = start + len(text[first:last].encode())
        character = last
        spans[key] = (start, byte)
    return spans
