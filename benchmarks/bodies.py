"""What reading a body of 50 MB takes, and how long it keeps other calls from going on.

It is read in a thread; what the interpreter does in one go still holds everything. Beside it:
what orjson takes for the same, which sees neither duplicate keys nor where values stand.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.load import Sample, Turns
from proxy.body import read_body

SIZE_BYTES: Final = 50 * 1000 * 1000
LOOK_S: Final = 0.001
WORDS: Final = "The quick brown fox jumps over the lazy dog, and nobody in 1984 minded. Naïve? "


def bench(console: Console, turns: Turns) -> None:
    """Reads each kind of body in each way, and prints what it took."""
    found = Table(title=f"Reading a body of {SIZE_BYTES / 1e6:.0f} MB (ms)")
    for heading in ("body", "by", "median", "longest", "CPU", "others waited at most"):
        found.add_column(heading, justify="left" if heading in ("body", "by") else "right")
    for kind, raw in (("one image", image()), ("many messages", messages())):
        for name, read in (("orjson", orjson.loads), ("Purser", read_body)):
            sample, cpu_ms, waited_ms = asyncio.run(measured(read, raw, turns.rounds))
            found.add_row(
                kind,
                name,
                f"{sample.quantile_ms(0.5):.0f}",
                f"{sample.quantile_ms(1.0):.0f}",
                f"{cpu_ms:.0f}",
                f"{waited_ms:.0f}",
            )
    console.print(found)


async def measured(
    read: Callable[[bytes], Any], raw: bytes, rounds: int
) -> tuple[Sample, float, float]:
    """Times; CPU milliseconds of each; the longest that the event loop was not served."""
    taken, looks, cpu_s = list[float](), list[float](), 0.0
    watching = asyncio.create_task(_watch(looks))
    for _ in range(rounds):
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.to_thread(read, raw)
        taken.append(time.perf_counter() - began)
        cpu_s += time.process_time() - cpu
    watching.cancel()
    waited = max((after - before for before, after in pairwise(looks)), default=0.0)
    return Sample(sum(taken), taken), cpu_s / rounds * 1000, waited * 1000


async def _watch(looks: list[float]) -> None:
    while True:
        looks.append(time.perf_counter())
        await asyncio.sleep(LOOK_S)


def image() -> bytes:
    """A chat with one picture."""
    picture = base64.b64encode(Random(1).randbytes(SIZE_BYTES * 3 // 4)).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
    return json.dumps(
        {"model": "gpt-4o", "messages": [{"role": "user", "content": [part]}]}
    ).encode()


def messages() -> bytes:
    """A chat of very many words."""
    one = {"role": "user", "content": WORDS * 100}
    each = len(json.dumps(one)) + 2
    return json.dumps({"model": "gpt-4o", "messages": [one] * (SIZE_BYTES // each)}).encode()
