"""What Purser adds to a call, side by side with nginx, from one run.

The ways take turns in short rounds, so that a machine that is busy for a while slows all of them
down alike. Latency is measured with one call in flight, throughput with many.
"""

import json
import shutil
import tempfile
from itertools import repeat
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.load import Asked, Sample, Turns, in_turns, request
from benchmarks.servers import Way, cores, pinned_here, ways

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


def bench(console: Console, turns: Turns) -> None:
    """Measures the ways to one upstream, and prints what each adds."""
    pinned, about = cores()
    console.print(about)
    nginx = find_nginx()
    if nginx is None:
        console.print("no nginx here (Debian: nginx-light): its rows are missing")
    with (
        tempfile.TemporaryDirectory(prefix="purser-bench-") as folder,
        ways(Path(folder), pinned, nginx) as found,
        pinned_here(pinned.upstream),
    ):
        alone = measure(found, 1, turns)
        loaded = measure(found, turns.connections, turns)
    console.print(latency_table(alone))
    console.print(throughput_table(loaded, turns.connections))


def find_nginx() -> str | None:
    """nginx on PATH, or where Debian puts it."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def measure(found: list[Way], connections: int, turns: Turns) -> dict[str, Sample]:
    """What each way took, all rounds together."""
    asked = {}
    for way in found:
        url = f"{way.url}/v1/chat/completions"
        asked[way.name] = Asked(url, repeat(request(url, BODY, HEADERS)))
    return in_turns(asked, connections, turns)


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
