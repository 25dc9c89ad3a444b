"""Multipart forms, read as they arrive: a file's size and digest, and its bytes up to a bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from sandbox.errors import ApiError

KEPT_BYTES_MAX = 32 * 1024 * 1024
"""A larger file leaves only its size and digest, so that any upload fits in memory."""
FIELD_BYTES_MAX = 4 * 1024 * 1024
PARTS_MAX = 1000


@dataclass(frozen=True, slots=True)
class FilePart:
    """One uploaded file; `content` is None where it was too large to keep."""

    filename: str
    size: int
    sha256: str
    content: bytes | None

    @property
    def kept(self) -> bytes:
        """The bytes of a file that must be read; raises `ApiError` 413 where they are not kept."""
        if self.content is None:
            raise ApiError(413, f"The sandbox reads files up to {KEPT_BYTES_MAX} bytes.")
        return self.content


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form: text fields and files, each in the order they came."""

    texts: Mapping[str, list[str]]
    files: Mapping[str, list[FilePart]]

    def fields(self) -> dict[str, Any]:
        """The text fields as a JSON body would hold them: `a[]` a list, `a[b]` an object.

        Values stay text; `read_values` makes numbers and booleans of those that are.
        """
        found: dict[str, Any] = {}
        for name, values in self.texts.items():
            outer, bracket, inner = name.partition("[")
            inner = inner.rstrip("]")
            if not bracket:
                found[name] = values[-1]
            elif inner:
                holder = found.setdefault(outer, {})
                if isinstance(holder, dict):
                    holder[inner] = _plain(values[-1])
            else:
                found[outer] = values
        return found


def read_values(fields: Mapping[str, Any], typed: tuple[str, ...]) -> dict[str, Any]:
    """The same fields, with those named in `typed` as the numbers and booleans they spell."""
    return {
        name: _plain(value) if name in typed and isinstance(value, str) else value
        for name, value in fields.items()
    }


class _Part:
    """One part being read."""

    def __init__(self, disposition: str) -> None:
        options = parse_options_header(disposition)[1]
        self.name = options.get(b"name", b"").decode(errors="replace")
        filename = options.get(b"filename")
        self.filename = None if filename is None else filename.decode(errors="replace")
        self.bytes_max = FIELD_BYTES_MAX if filename is None else KEPT_BYTES_MAX
        self.size = 0
        self.digest = sha256()
        self.kept: bytearray | None = bytearray()

    def add(self, data: memoryview) -> None:
        self.size += len(data)
        self.digest.update(data)
        if self.kept is None:
            return
        if self.size > self.bytes_max:
            if self.filename is None:
                raise ApiError(413, f"The field '{self.name}' is too long.", param=self.name)
            self.kept = None
        else:
            self.kept += data


class FormReader:
    """Reads one form; `feed` takes any split of its bytes."""

    def __init__(self, content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise _broken()
        self._texts: dict[str, list[str]] = {}
        self._files: dict[str, list[FilePart]] = {}
        self._parts = 0
        self._part: _Part | None = None
        self._header = (bytearray(), bytearray())
        self._disposition = ""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Read on; raises `ApiError` 400 for what is no form."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _broken() from None

    def close(self) -> Form:
        """The whole form; raises `ApiError` 400 where its end is missing."""
        try:
            self._parser.finalize()
        except FormParserError:
            raise _broken() from None
        return Form(self._texts, self._files)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise ApiError(400, f"A form of more than {PARTS_MAX} parts.")
        self._disposition = ""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = self._header[1].decode("latin-1")
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        self._part = _Part(self._disposition)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part.add(memoryview(data)[start:end])

    def _end(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        content = None if part.kept is None else bytes(part.kept)
        if part.filename is None:
            text = (content or b"").decode(errors="replace")
            self._texts.setdefault(part.name, []).append(text)
        else:
            found = FilePart(part.filename, part.size, part.digest.hexdigest(), content)
            self._files.setdefault(part.name.removesuffix("[]"), []).append(found)


def _plain(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _broken() -> ApiError:
    return ApiError(400, "Could not parse multipart form.")
