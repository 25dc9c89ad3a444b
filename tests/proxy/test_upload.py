"""Uploads pass through as they come: never more of one in memory than a piece."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

from config.bounds import MIB
from tests.proxy.stand import Purse, stand, terms
from tests.proxy.unit_talk import form, wav
from tests.proxy.upstreams import Exchange, answering, http, upstream

BOUNDARY = b"----purser-test"
TYPE = b"multipart/form-data; boundary=" + BOUNDARY
OK = http(200, b'{"id": "file-1"}')


def frame(name: bytes, filename: bytes | None = None) -> bytes:
    disposition = b'form-data; name="' + name + b'"'
    if filename is not None:
        disposition += b'; filename="' + filename + b'"'
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: " + disposition + b"\r\n\r\n"


START = frame(b"purpose") + b"assistants\r\n" + frame(b"file", b"big.bin")
END = b"\r\n--" + BOUNDARY + b"--\r\n"


async def pieces(size: int) -> AsyncIterator[bytes]:
    yield START
    piece = os.urandom(MIB)
    for _ in range(size // MIB):
        yield piece
    yield END


@dataclass
class Taken:
    """What an upstream saw of one upload: its bytes are counted and forgotten."""

    url: str = ""
    head: bytes = b""
    size: int = 0
    end: bytes = b""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def taking(until: bytes, answer: bytes = OK) -> AsyncIterator[Taken]:
    """Takes one request whose body ends in `until`, then answers."""
    taken = Taken()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            taken.head = await reader.readuntil(b"\r\n\r\n")
            while not taken.end.endswith(until):
                piece = await reader.read(MIB)
                if not piece:
                    return
                taken.size += len(piece)
                taken.begun.set()
                taken.end = (taken.end + piece)[-64:]
            writer.write(answer)
            await writer.drain()
        except ConnectionError:
            return
        finally:
            taken.left.set()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    taken.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server:
        yield taken


async def test_a_file_of_512_mb_passes_with_little_memory() -> None:
    """Client, proxy and upstream are all in this process: all three together hardly grow."""
    size = 512 * MIB
    length = len(START) + size + len(END)
    process = psutil.Process()
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.02)

    async with taking(END) as far, stand(terms(far.url)) as here:
        await here.client.get("/healthz")
        before = process.memory_info().rss
        watching = asyncio.create_task(watch())
        response = await here.client.post(
            "/v1/files",
            content=pieces(size),
            headers={"content-type": TYPE.decode(), "content-length": str(length)},
            timeout=120,
        )
        watching.cancel()
    assert response.status_code == 200
    assert far.size == length
    assert b"content-length: %d\r\n" % length in far.head.lower()
    grown = (most - before) // MIB
    print(f"512 MiB passed, resident memory grew by {grown} MiB")
    assert grown < 64


async def test_an_upload_without_a_length_goes_in_chunks() -> None:
    async with taking(b"\r\n0\r\n\r\n") as far, stand(terms(far.url)) as here:
        response = await here.client.post(
            "/v1/files", content=pieces(MIB), headers={"content-type": TYPE.decode()}
        )
    assert response.json() == {"id": "file-1"}
    assert b"transfer-encoding: chunked" in far.head.lower()
    assert far.size > MIB


async def test_an_upload_that_states_to_be_too_long_is_refused_before_anything_is_sent() -> None:
    async with taking(END) as far, stand(terms(far.url, upload_bytes_max=2 * MIB)) as here:
        length = len(START) + 3 * MIB + len(END)
        response = await here.client.post(
            "/v1/files",
            content=pieces(3 * MIB),
            headers={"content-type": TYPE.decode(), "content-length": str(length)},
        )
    assert response.status_code == 413
    assert "server.upload_bytes_max" in response.json()["error"]["message"]
    assert not far.head


async def test_an_upload_that_turns_out_too_long_is_cut() -> None:
    async with taking(END) as far, stand(terms(far.url, upload_bytes_max=2 * MIB)) as here:
        response = await here.client.post(
            "/v1/files", content=pieces(3 * MIB), headers={"content-type": TYPE.decode()}
        )
        async with asyncio.timeout(60):
            await far.left.wait()
    assert response.status_code == 413
    assert far.size < 3 * MIB


async def test_a_client_that_leaves_half_way_cuts_the_upload() -> None:
    async with taking(END) as far, stand(terms(far.url)) as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(
            b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + TYPE
            + b"\r\nContent-Length: 9000000\r\n\r\n" + START + bytes(MIB)
        )  # fmt: skip
        async with asyncio.timeout(60):
            await far.begun.wait()
        writer.close()
        async with asyncio.timeout(60):
            await far.left.wait()
    assert not far.end.endswith(END)


async def test_an_upstream_that_refuses_early_is_heard() -> None:
    refusal = http(413, b'{"error": {"message": "too big"}}', b"Connection: close")
    async with taking(b"", refusal) as far, stand(terms(far.url)) as here:
        response = await here.client.post("/v1/files", **form([("file", bytes(1000))]))
    assert response.status_code == 413
    assert response.json() == {"error": {"message": "too big"}}


async def test_audio_larger_than_memory_allows_is_kept_on_disk_and_sent_as_it_came() -> None:
    audio = wav(20 * 60)
    answer = http(200, b'{"text": "", "usage": {"type": "duration", "seconds": 1200}}')
    async with upstream(answering(answer)) as far, stand(terms(far.url), Purse()) as here:
        request = here.client.build_request(
            "POST", "/v1/audio/transcriptions", **form([("file", audio)], model="whisper-1")
        )
        sent = request.read()
        response = await here.client.send(request)
        grant, outcome, _ = await here.purse.one_end()
    assert response.status_code == 200
    assert len(audio) > 9 * MIB
    assert far.received[0].body == sent
    assert outcome.usage.audio_seconds == 1200
    assert grant.worst.audio_seconds == 1201


async def test_a_form_sent_to_a_path_that_reads_json_is_refused() -> None:
    async def nothing(exchange: Exchange) -> None:
        raise AssertionError("nothing may be sent")

    async with upstream(nothing) as far, stand(terms(far.url)) as here:
        response = await here.client.post("/v1/chat/completions", **form([], model="gpt-4o"))
    assert response.status_code == 400
    assert far.received == []
