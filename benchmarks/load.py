"""A closed-loop HTTP/1.1 client that costs little itself: each connection asks, waits, asks again.

It knows only what our servers send (a status, `Content-Length`, JSON), so that what is measured
is the server and not a client library.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

READ_BYTES_MAX = 1 << 20


class Failed(Exception):
    """An answer other than 2xx, or one that this client does not understand."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run saw; latencies in seconds, in the order in which answers arrived."""

    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The latency in milliseconds that this share of answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def merged(samples: list[Sample]) -> Sample:
    """Several runs of the same thing as one."""
    together = [latency for sample in samples for latency in sample.latencies]
    return Sample(sum(sample.seconds for sample in samples), together)


@dataclass(frozen=True, slots=True)
class Turns:
    """How long is measured: turns of each thing, seconds of a turn, calls in flight under load."""

    rounds: int
    seconds: float
    connections: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Where requests go, and the bytes of each next one."""

    url: str
    requests: Iterator[bytes]


def request(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of one POST of JSON."""
    more = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return _head("POST", url, {**headers, **more}) + body


def look(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one GET."""
    return _head("GET", url, headers or {})


def _head(method: str, url: str, headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def in_turns(asked: Mapping[str, Asked], connections: int, turns: Turns) -> dict[str, Sample]:
    """What each took, all rounds together; a first round warms up and is not counted.

    They take turns, so that a machine that is busy for a while slows all of them down alike.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in asked}
    for turn in range(turns.rounds + 1):
        for name, what in asked.items():
            sample = asyncio.run(run(what, connections, turns.seconds))
            if turn:
                samples[name].append(sample)
    return {name: merged(taken) for name, taken in samples.items()}


async def run(asked: Asked, connections: int, seconds: float) -> Sample:
    """Keeps `connections` requests in flight for `seconds`; raises `Failed` at a bad answer."""
    return await run_until(asked, connections, asyncio.sleep(seconds))


async def run_until(asked: Asked, connections: int, ended: Awaitable[Any]) -> Sample:
    """Keeps `connections` requests in flight until `ended` is; raises `Failed`, and as that."""
    latencies: list[float] = []
    started = perf_counter()
    end = asyncio.ensure_future(ended)

    async def ask() -> None:
        async with connected(asked.url) as (reader, writer):
            while not end.done():
                before = perf_counter()
                writer.write(next(asked.requests))
                await _answer(reader)
                latencies.append(perf_counter() - before)

    await asyncio.gather(end, *(ask() for _ in range(connections)))
    return Sample(perf_counter() - started, latencies)


async def once(asked: Asked) -> None:
    """One request on a connection of its own; raises `Failed` at a bad answer."""
    async with connected(asked.url) as (reader, writer):
        writer.write(next(asked.requests))
        await writer.drain()
        await _answer(reader)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the server of a URL."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=READ_BYTES_MAX)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        raise Failed(f"an answer without Content-Length: {head!r}")
    length = int(lower[at + 17 : lower.index(b"\r\n", at + 2)])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 2"):
        raise Failed(f"{head.splitlines()[0].decode()}: {body[:500]!r}")
