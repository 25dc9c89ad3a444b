"""How soon a client's leaving in the middle of a stream ends the stream upstream.

Upstream and client read one clock: the time is from the client's closing of its connection to
the upstream's noticing that its own was closed. Beside it: the same without Purser.
"""

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.calls import BODY, HEADERS
from benchmarks.load import Sample, Turns
from benchmarks.servers import BUDGETS
from benchmarks.upstream import BareUpstream
from tests.harness import Deployment
from tests.waiting import wait_for

LEAVES_A_ROUND: Final = 5
EVENTS_SEEN: Final = 3
CLOSED_MS_MAX: Final = 1000
"""What is promised."""
STREAMED: Final = json.dumps({**json.loads(BODY), "stream": True}).encode()


def bench(console: Console, turns: Turns) -> None:
    """Leaves streams, directly and through Purser, and prints how long each went on."""
    with (
        tempfile.TemporaryDirectory(prefix="purser-bench-") as folder,
        BareUpstream(Path(folder)) as upstream,
        Deployment(Path(folder), BUDGETS, upstream=upstream.url).start(
            "serve", measured=False
        ) as purser,
        httpx.Client(base_url=upstream.url, trust_env=False) as asking,
    ):
        taken = {
            name: Sample(0.0, [leave(url, asking) for _ in range(turns.rounds * LEAVES_A_ROUND)])
            for name, url in (("direct", upstream.url), ("Purser", purser.url))
        }
    console.print(table(taken))


def leave(url: str, asking: httpx.Client) -> float:
    """Seconds from leaving one stream until the upstream has noticed."""
    before = len(_left(asking))
    headers = {**HEADERS, "Content-Type": "application/json"}
    with (
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
        client.stream("POST", "/v1/chat/completions", content=STREAMED, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        lines = answer.iter_lines()
        for _ in range(EVENTS_SEEN):
            next(line for line in lines if line.startswith("data:"))
        left = time.monotonic()
    wait_for(lambda: len(_left(asking)) > before, "the upstream to notice")
    return float(_left(asking)[-1]) - left


def _left(asking: httpx.Client) -> list[Any]:
    return list(asking.get("/left").json())


def table(taken: Mapping[str, Sample]) -> Table:
    """Median and longest of each way."""
    found = Table(
        title=f"A client leaves mid-stream: closed upstream after (ms; promised < {CLOSED_MS_MAX})"
    )
    for heading in ("way", "streams", "median", "longest"):
        found.add_column(heading, justify="left" if heading == "way" else "right")
    for name, sample in taken.items():
        found.add_row(
            name,
            str(len(sample.latencies)),
            f"{sample.quantile_ms(0.5):.1f}",
            f"{sample.quantile_ms(1.0):.1f}",
        )
    return found
