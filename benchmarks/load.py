"""A closed-loop HTTP/1.1 client that costs little itself: each connection asks, waits, asks again.

It knows only what our servers send (a status, `Content-Length`, JSON), so that what is measured
is the server and not a client library.
"""

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

READ_BYTES_MAX = 1 << 20


class Failed(Exception):
    """An answer other than 200, or one that this client does not understand."""


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


def request(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of one POST of JSON."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def run(url: str, payload: bytes, connections: int, seconds: float) -> Sample:
    """Keeps `connections` requests in flight for `seconds`; raises `Failed` at a bad answer."""
    parts = urlsplit(url)
    latencies: list[float] = []
    started = perf_counter()
    end = started + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port, limit=READ_BYTES_MAX
        )
        try:
            while (before := perf_counter()) < end:
                writer.write(payload)
                await _answer(reader)
                latencies.append(perf_counter() - before)
        finally:
            writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return Sample(perf_counter() - started, latencies)


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        raise Failed(f"an answer without Content-Length: {head!r}")
    length = int(lower[at + 17 : lower.index(b"\r\n", at + 2)])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise Failed(f"{head.splitlines()[0].decode()}: {body[:500]!r}")
