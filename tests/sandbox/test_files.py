"""Files and uploads by the official SDK: kept up to a bound, their digests always."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import openai
import psutil
import pytest

from sandbox.multipart import KEPT_BYTES_MAX
from tests.sandbox.conftest import SandboxUnderTest

MIB = 1024 * 1024


def digest_of(file: Any) -> str:
    return str(file.sandbox_sha256)


def test_a_file_is_kept_listed_read_and_deleted(client: openai.OpenAI) -> None:
    file = client.files.create(file=("a.txt", b"hello"), purpose="user_data")
    assert (file.bytes, file.filename, file.purpose) == (5, "a.txt", "user_data")
    assert digest_of(file) == sha256(b"hello").hexdigest()
    assert client.files.retrieve(file.id) == file
    assert file.id in [one.id for one in client.files.list(purpose="user_data", limit=100)]
    assert client.files.content(file.id).content == b"hello"
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError, match="No such File object"):
        client.files.retrieve(file.id)


def test_pages_follow_each_other(client: openai.OpenAI) -> None:
    made = [client.files.create(file=(f"{n}", b"x"), purpose="evals").id for n in range(5)]
    found = [one.id for one in client.files.list(purpose="evals", limit=2, order="asc")]
    assert found[-5:] == made


def test_a_large_upload_leaves_its_digest_and_little_memory(sandbox: SandboxUnderTest) -> None:
    """The size is an eighth of what clients may send, for the sake of time."""
    process = psutil.Process(sandbox.pid)
    before = process.memory_info().rss
    piece, pieces, digest = b"\x07" * MIB, 64, sha256()
    head = (
        b'--xyz\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
    )

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(pieces):
            digest.update(piece)
            yield piece
        yield b"\r\n--xyz--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=xyz"}
    answer = sandbox.http.post("/v1/files", content=body(), headers=kind, timeout=60)
    assert answer.status_code == 200
    file = answer.json()
    assert file["bytes"] == pieces * MIB > KEPT_BYTES_MAX
    assert file["sandbox_sha256"] == digest.hexdigest()
    assert process.memory_info().rss - before < KEPT_BYTES_MAX + 16 * MIB
    content = sandbox.http.get(f"/v1/files/{file['id']}/content")
    assert content.status_code == 400
    assert "only size and digest" in content.text


@pytest.mark.parametrize(
    ("fields", "param"),
    [({}, "purpose"), ({"purpose": "nothing"}, "purpose")],
)
def test_a_bad_form_is_refused(
    sandbox: SandboxUnderTest, fields: dict[str, str], param: str
) -> None:
    answer = sandbox.http.post("/v1/files", data=fields, files={"file": b"x"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_a_broken_form_is_refused(sandbox: SandboxUnderTest) -> None:
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=xyz", b"no form at all"),
        ("multipart/form-data; boundary=xyz", b"--xyz\r\nhalf: of"),
    ):
        answer = sandbox.http.post("/v1/files", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 400, body


def test_an_upload_is_put_together_from_its_parts(client: openai.OpenAI) -> None:
    upload = client.uploads.create(
        bytes=6, filename="a.jsonl", mime_type="text/jsonl", purpose="batch"
    )
    parts = [client.uploads.parts.create(upload.id, data=one).id for one in (b"def", b"abc")]
    with pytest.raises(openai.BadRequestError, match="3 bytes"):
        client.uploads.complete(upload.id, part_ids=parts[:1])
    done = client.uploads.complete(upload.id, part_ids=parts[::-1])
    assert done.status == "completed"
    assert done.file is not None
    assert client.files.content(done.file.id).content == b"abcdef"
    with pytest.raises(openai.BadRequestError, match="completed"):
        client.uploads.cancel(upload.id)
    other = client.uploads.create(bytes=1, filename="b", mime_type="text/plain", purpose="batch")
    assert client.uploads.cancel(other.id).status == "cancelled"
