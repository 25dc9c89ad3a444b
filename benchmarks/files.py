"""How much memory a file takes on its way through: 512 MB up, and 512 MB down."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Final

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.load import Turns
from benchmarks.servers import BUDGETS
from benchmarks.upstream import PIECE, BareUpstream
from config.bounds import MIB
from tests.harness import Deployment

SIZE_BYTES: Final = 512 * 1000 * 1000
GROWTH_MIB_MAX: Final = 64
"""What is promised."""
START: Final = (
    b'--edge\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
)
END: Final = b"\r\n--edge--\r\n"


def bench(console: Console, _turns: Turns) -> None:
    """Sends and fetches a file, directly and through Purser, and prints both."""
    found = Table(title=f"A file of 512 MB (resident memory promised below {GROWTH_MIB_MAX} MiB)")
    for heading in ("way", "seconds", "MB/s", "memory grew by, MiB"):
        found.add_column(heading, justify="left" if heading == "way" else "right")
    with (
        tempfile.TemporaryDirectory(prefix="purser-bench-") as folder,
        BareUpstream(Path(folder)) as upstream,
        Deployment(Path(folder), BUDGETS, upstream=upstream.url).start(
            "serve", measured=False
        ) as purser,
    ):
        for title, move in (("up", send), ("down", fetch)):
            seconds, _ = asyncio.run(watched(move, upstream.url, None))
            found.add_row(f"{title}, direct", *_speed(seconds), "")
            seconds, grown = asyncio.run(watched(move, purser.url, psutil.Process(purser.pid)))
            found.add_row(f"{title}, Purser", *_speed(seconds), f"{grown / MIB:.1f}")
    console.print(found)


def _speed(seconds: float) -> tuple[str, str]:
    return f"{seconds:.1f}", f"{SIZE_BYTES / 1e6 / seconds:.0f}"


async def watched(
    move: Callable[[httpx.AsyncClient], Awaitable[None]], url: str, process: psutil.Process | None
) -> tuple[float, int]:
    """Seconds, and by how many bytes the memory of `process` grew at most meanwhile."""
    before = most = process.memory_info().rss if process else 0
    started = perf_counter()
    async with httpx.AsyncClient(base_url=url, timeout=300, trust_env=False) as client:
        moving = asyncio.ensure_future(move(client))
        while not moving.done():
            most = max(most, process.memory_info().rss if process else 0)
            await asyncio.wait([moving], timeout=0.01)
        await moving
    return perf_counter() - started, most - before


async def send(client: httpx.AsyncClient) -> None:
    """Upload it."""
    headers = {
        "Content-Type": "multipart/form-data; boundary=edge",
        "Content-Length": str(len(START) + SIZE_BYTES + len(END)),
        "Authorization": "Bearer local",
    }
    response = await client.post("/v1/files", content=form(), headers=headers)
    assert response.status_code == 200, response.text


async def form() -> AsyncIterator[bytes]:
    """The upload in pieces."""
    yield START
    for _ in range(SIZE_BYTES // len(PIECE)):
        yield PIECE
    yield PIECE[: SIZE_BYTES % len(PIECE)] + END


async def fetch(client: httpx.AsyncClient) -> None:
    """Download it."""
    taken = 0
    headers = {"Authorization": "Bearer local"}
    path = f"/v1/files/file-{SIZE_BYTES}/content"
    async with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        async for piece in response.aiter_raw():
            taken += len(piece)
    assert taken == SIZE_BYTES
