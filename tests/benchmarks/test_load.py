"""The load client keeps a server busy, and says so if an answer is bad."""

import asyncio
from itertools import repeat

import pytest

from benchmarks.load import Asked, Failed, Sample, merged, request, run

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"


async def serve(answer: bytes) -> asyncio.Server:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"{}"):
                writer.write(answer)
        except asyncio.IncompleteReadError:
            writer.close()

    return await asyncio.start_server(take, "127.0.0.1", 0)


async def load(answer: bytes) -> Sample:
    async with await serve(answer) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x"
        asked = Asked(url, repeat(request(url, b"{}", {})))
        return await run(asked, connections=4, seconds=0.2)


async def test_answers_are_counted_and_timed() -> None:
    sample = await load(OK)
    assert len(sample.latencies) >= 4, "each connection had an answer"
    assert sample.per_second > 0
    assert 0 < sample.quantile_ms(0.5) <= sample.quantile_ms(0.99)


async def test_a_bad_answer_is_no_measurement() -> None:
    with pytest.raises(Failed, match="503"):
        await load(BUSY)


def test_rounds_are_put_together() -> None:
    both = merged([Sample(1.0, [0.001, 0.002]), Sample(1.0, [0.003, 0.004])])
    assert both.per_second == 2
    assert both.quantile_ms(0.5) == 3
