"""A multipart form, read as it passes: its fields kept, of its files only their size and start.

Sans-I/O: bytes in, a `Form` out. Fields bound what a call costs, so a form that two parsers
could read differently is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from python_multipart.exceptions import ParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from config.bounds import FORM_FIELD_BYTES_MAX, FORM_FIELDS_MAX, KIB
from proxy.body import BadBody, FilePart

HEAD_BYTES_MAX: Final = 64 * KIB
"""Kept of a file: enough to say what audio it is."""

_NUMBERS: Final = frozenset({"n", "partial_images", "output_compression", "frame_count"})
_FLAGS: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by name, those of a name that ends in `[]` as lists; and files in their order."""

    fields: Mapping[str, Any]
    files: tuple[FilePart, ...]


def boundary_of(content_type: bytes | None) -> bytes | None:
    """The boundary of a multipart body; None for another body. Raises `BadBody` without one."""
    if content_type is None:
        return None
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise BadBody("the Content-Type multipart/form-data names no boundary")
    return boundary


class FormReader:
    """Reads one form, in pieces of any size. Every method raises `BadBody`."""

    def __init__(self, boundary: bytes) -> None:
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_end,
                "on_end": self._finish,
            },
        )
        self._name = self._value = b""
        self._disposition = b""
        self._field = ""
        self._is_file = False
        self._kept = bytearray()
        self._size = 0
        self._ended = False
        self._fields: dict[str, Any] = {}
        self._files: list[FilePart] = []
        self._parts = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        try:
            self._parser.write(data)
        except ParseError as error:
            raise BadBody(f"the body is not a multipart form: {error}") from error

    def close(self) -> Form:
        """The form, once all bytes were fed."""
        if not self._ended:
            raise BadBody("the multipart form ends before its last boundary")
        return Form(self._fields, tuple(self._files))

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > FORM_FIELDS_MAX:
            raise BadBody(f"the form has more than {FORM_FIELDS_MAX} parts")
        self._disposition = b""
        self._kept = bytearray()
        self._size = 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            if self._disposition:
                raise BadBody("a part of the form has two Content-Disposition headers")
            self._disposition = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        if not options.get(b"name"):
            raise BadBody("a part of the form has no name")
        self._field = options[b"name"].decode("utf-8", "replace")
        self._is_file = b"filename" in options or b"filename*" in options

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        room = HEAD_BYTES_MAX if self._is_file else FORM_FIELD_BYTES_MAX + 1
        self._kept += data[start : min(end, start + room - len(self._kept))]
        if not self._is_file and len(self._kept) > FORM_FIELD_BYTES_MAX:
            raise BadBody(
                f"'{self._field}' has more than {FORM_FIELD_BYTES_MAX:,} bytes", self._field
            )

    def _end(self) -> None:
        if self._is_file:
            self._files.append(FilePart(self._field, self._size, bytes(self._kept)))
            return
        try:
            text = self._kept.decode()
        except UnicodeDecodeError:
            raise BadBody(f"'{self._field}' is not UTF-8", self._field) from None
        if self._field.endswith("[]"):
            self._fields.setdefault(self._field, []).append(text)
        elif self._field in self._fields:
            raise BadBody(
                f"the field '{self._field}' stands twice in the form", self._field, "duplicate_key"
            )
        else:
            self._fields[self._field] = _typed(self._field, text)

    def _finish(self) -> None:
        self._ended = True


def _typed(field: str, text: str) -> Any:
    """A field's text as JSON would hold it, where a bound hangs on it."""
    if field == "stream":
        if text not in _FLAGS:
            raise BadBody("'stream' must be true or false", "stream", "invalid_type")
        return _FLAGS[text]
    if field in _NUMBERS:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise BadBody(f"'{field}' must be an integer", field, "invalid_type")
        return int(text)
    return text
