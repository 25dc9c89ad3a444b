"""`python -m benchmarks`: what Purser adds to a call, side by side with nginx, from one run.

The ways take turns in short rounds, so that a machine that is busy for a while slows all of them
down alike. Latency is measured with one call in flight, throughput with many.
`python -m benchmarks panel-data` measures the figures of the panel instead.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import panel_data
from benchmarks.load import Sample, merged, request, run
from benchmarks.servers import Way, cores, ways

BODY = json.dumps(
    {
        "model": "gpt-4o-mini",
        "max_tokens": 16,
        "messages": [{"role": "user", "content": "Three titles for a spring sale."}],
    }
).encode()
HEADERS = {
    "Authorization": "Bearer local",
    "X-Agent-Type": "CONTENT",
    "X-Campaign-Id": "holiday-2024",
}


def main() -> None:
    """Reads the arguments, measures, prints."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="turns of each way")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a turn")
    parser.add_argument("--connections", type=int, default=32, help="calls in flight under load")
    parser.add_argument("--nginx", default=find_nginx(), help="the nginx to compare with")
    given = parser.parse_args()
    console = Console()
    pinned, about = cores()
    console.print(about)
    if pinned.upstream:
        os.sched_setaffinity(0, {int(pinned.upstream)})
    if given.nginx is None:
        console.print("no nginx here (Debian: nginx-light): its rows are missing")
    with (
        tempfile.TemporaryDirectory(prefix="purser-bench-") as folder,
        ways(Path(folder), pinned, given.nginx) as found,
    ):
        alone = measure(found, 1, given.rounds, given.seconds)
        loaded = measure(found, given.connections, given.rounds, given.seconds)
    console.print(latency_table(alone))
    console.print(throughput_table(loaded, given.connections))


def find_nginx() -> str | None:
    """nginx on PATH, or where Debian puts it."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def measure(found: list[Way], connections: int, rounds: int, seconds: float) -> dict[str, Sample]:
    """What each way took, all rounds together; a first round warms up and is not counted."""
    samples: dict[str, list[Sample]] = {way.name: [] for way in found}
    for turn in range(rounds + 1):
        for way in found:
            url = f"{way.url}/v1/chat/completions"
            sample = asyncio.run(run(url, request(url, BODY, HEADERS), connections, seconds))
            if turn:
                samples[way.name].append(sample)
    return {name: merged(taken) for name, taken in samples.items()}


def latency_table(samples: dict[str, Sample]) -> Table:
    """One call in flight: medians and p99, and what each way adds to a direct call."""
    table = Table(title="Latency of a call, one in flight (ms)")
    for heading in ("way", "calls", "median", "p99", "added, median", "added, p99"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    direct = samples["direct"]
    for name, sample in samples.items():
        median, p99 = sample.quantile_ms(0.5), sample.quantile_ms(0.99)
        added = [f"{median - direct.quantile_ms(0.5):.2f}", f"{p99 - direct.quantile_ms(0.99):.2f}"]
        table.add_row(
            name,
            f"{len(sample.latencies):,}",
            f"{median:.2f}",
            f"{p99:.2f}",
            *(added if name != "direct" else ["", ""]),
        )
    return table


def throughput_table(samples: dict[str, Sample], connections: int) -> Table:
    """Many calls in flight: calls a second, and their ratio to the other ways'."""
    table = Table(title=f"Throughput, {connections} calls in flight")
    headings = ["way", "calls/s", "median ms", "p99 ms", *(f"of {name}" for name in samples)]
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for name, sample in samples.items():
        ratios = [f"{sample.per_second / other.per_second:.3f}" for other in samples.values()]
        table.add_row(
            name,
            f"{sample.per_second:,.0f}",
            f"{sample.quantile_ms(0.5):.2f}",
            f"{sample.quantile_ms(0.99):.2f}",
            *ratios,
        )
    return table


if __name__ == "__main__":
    if sys.argv[1:2] == ["panel-data"]:
        panel_data.main(sys.argv[2:])
    else:
        main()
