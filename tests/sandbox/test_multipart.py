"""A form reads the same for any split of its bytes."""

import itertools
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from sandbox import multipart
from sandbox.multipart import FormReader, read_values

CONTENT = b"\r\n--xy\r\n--xyz-\r\n\x00\xff" * 3
FORM = (
    b'--xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="include[]"\r\n\r\nlogprobs\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="expires_after[seconds]"\r\n\r\n3600\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n'
    b"Content-Type: audio/mpeg\r\n\r\n" + CONTENT + b"\r\n--xyz--\r\n"
)


@given(st.lists(st.integers(0, len(FORM)), max_size=8))
def test_any_split_reads_the_same(places: list[int]) -> None:
    reader = FormReader('multipart/form-data; boundary="xyz"')
    cuts = [0, *sorted(places), len(FORM)]
    for start, end in itertools.pairwise(cuts):
        reader.feed(FORM[start:end])
    form = reader.close()
    assert form.fields() == {
        "model": "whisper-1",
        "include": ["logprobs"],
        "expires_after": {"seconds": 3600},
    }
    (file,) = form.files["file"]
    assert (file.filename, file.content) == ("a.mp3", CONTENT)
    assert file.sha256 == sha256(CONTENT).hexdigest()


def test_a_file_above_the_bound_is_counted_and_not_kept(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(multipart, "KEPT_BYTES_MAX", 10)
    reader = FormReader("multipart/form-data; boundary=xyz")
    reader.feed(FORM)
    (file,) = reader.close().files["file"]
    assert (file.size, file.content) == (len(CONTENT), None)


def test_numbers_and_booleans_are_read_where_they_are_meant() -> None:
    fields = {"n": "2", "stream": "true", "temperature": "0.5", "prompt": "7"}
    assert read_values(fields, ("n", "stream", "temperature")) == {
        "n": 2,
        "stream": True,
        "temperature": 0.5,
        "prompt": "7",
    }
