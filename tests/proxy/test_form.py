"""Invariant: the same form for any split of its bytes; of files only their size and start."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.body import BadBody, FilePart
from proxy.form import HEAD_BYTES_MAX, Form, FormReader, boundary_of
from tests.proxy.unit_talk import form, form_bytes

names = st.text("abcdefg_", min_size=1, max_size=8)


def read(raw: bytes, boundary: bytes, *cuts: int) -> Form:
    reader = FormReader(boundary)
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    for start, end in pairwise(edges):
        reader.feed(raw[start:end])
    return reader.close()


def made(files: list[tuple[str, bytes]], **fields: str) -> tuple[bytes, bytes]:
    content_type, raw = form_bytes(**form(files, **fields))
    boundary = boundary_of(content_type)
    assert boundary
    return raw, boundary


@settings(max_examples=60)
@given(
    st.dictionaries(names, st.text(st.characters(codec="utf-8"), max_size=40), max_size=4),
    st.lists(st.binary(max_size=300), max_size=3),
    st.lists(st.integers(0, 5_000), max_size=5),
)
def test_any_split_gives_the_same_form(
    fields: dict[str, str], files: list[bytes], cuts: list[int]
) -> None:
    raw, boundary = made([("file", data) for data in files] or [("file", b"")], **fields)
    found = read(raw, boundary, *cuts)
    assert found == read(raw, boundary)
    assert found.fields == {name: value for name, value in fields.items() if name != "n"}
    assert [part.size_bytes for part in found.files] == [len(data) for data in files or [b""]]


def test_numbers_and_flags_are_read_as_json_would_have_them() -> None:
    raw, boundary = made([], n="3", stream="true", model="gpt-image-1", seconds="8")
    assert read(raw, boundary).fields == {
        "n": 3, "stream": True, "model": "gpt-image-1", "seconds": "8"
    }  # fmt: skip


def test_of_a_large_file_only_the_head_is_kept() -> None:
    raw, boundary = made([("file", bytes(300_000))])
    (part,) = read(raw, boundary, 100, 70_000).files
    assert part == FilePart("file", 300_000, bytes(HEAD_BYTES_MAX))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"n": "many"}, "'n' must be an integer"),
        ({"n": "-1"}, "'n' must be an integer"),
        ({"stream": "maybe"}, "'stream' must be true or false"),
        ({"prompt": "x" * 1_100_000}, "more than 1,048,576 bytes"),
    ],
)
def test_a_field_that_bounds_nothing_is_refused(fields: dict[str, str], why: str) -> None:
    raw, boundary = made([], **fields)
    with pytest.raises(BadBody, match=why):
        read(raw, boundary)


PART = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not a form",
        b"--b\r\n\r\nno name\r\n--b--\r\n",
        PART + b"gpt-image-1",
        PART + b"cheap\r\n" + PART + b"dear\r\n--b--\r\n",
        PART + b"\xff\xfe\r\n--b--\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
        b'Content-Disposition: form-data; name="model"\r\n\r\nx\r\n--b--\r\n',
        PART.replace(b'"model"', b'"x[]"') * 200,
    ],
)
def test_a_form_that_could_be_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(BadBody):
        read(raw, b"b")


def test_only_multipart_forms_have_a_boundary() -> None:
    assert boundary_of(None) is None
    assert boundary_of(b"application/json") is None
    assert boundary_of(b'multipart/form-data; boundary="a b"') == b"a b"
    with pytest.raises(BadBody, match="no boundary"):
        boundary_of(b"multipart/form-data")
