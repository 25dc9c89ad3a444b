"""What `POST /api/billing/agent-costs` takes, beside a GET that does nothing on the same server."""

import json
import tempfile
import uuid
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.load import Asked, Sample, Turns, in_turns, look, request
from benchmarks.servers import BUDGETS
from tests.harness import Deployment

P99_MS_MAX: Final = 50
"""What is promised, with one client at a time."""
AT_ONCE: Final = 8


def bench(console: Console, turns: Turns) -> None:
    """Tells costs one by one and several at once, and prints both."""
    with tempfile.TemporaryDirectory(prefix="purser-bench-") as folder:
        deployment = Deployment(Path(folder), BUDGETS)
        made = deployment.cli(
            "keys", "create", "bench", "--admin", "--role", "admin", "--json", "--sandbox"
        )
        secret = json.loads(made.stdout)["secret"]
        with deployment.start("serve", measured=False) as purser:
            asked = ways(purser.url, secret)
            for connections in (1, AT_ONCE):
                console.print(table(in_turns(asked, connections, turns), connections))


def ways(url: str, secret: str) -> dict[str, Asked]:
    """What is compared: nothing at all, and costs told in each way that makes them one."""
    target = f"{url}/api/billing/agent-costs"
    bare = f"{url}/healthz"
    return {
        "GET /healthz": Asked(bare, repeat(look(bare))),
        "without either": Asked(target, costs(target, secret)),
        "with a key": Asked(target, costs(target, secret, key=True)),
        "with an execution": Asked(target, costs(target, secret, execution=True)),
    }


def costs(url: str, secret: str, *, key: bool = False, execution: bool = False) -> Iterator[bytes]:
    """One new cost after the other."""
    while True:
        body = {"agentType": "CONTENT", "campaignId": "holiday-2024", "tokens": 1000}
        headers = {"Authorization": f"Bearer {secret}"}
        if key:
            headers["Idempotency-Key"] = uuid.uuid4().hex
        if execution:
            body["executionId"] = uuid.uuid4().hex
        yield request(url, json.dumps(body).encode(), headers)


def table(samples: dict[str, Sample], connections: int) -> Table:
    """Medians and p99, and how many times those of a bare answer they are."""
    found = Table(title=f"Costs told by hand, {connections} at once (ms; p99 < {P99_MS_MAX} alone)")
    headings = ("cost", "calls", "per s", "median", "p99", "of bare", "p99 of bare")
    for heading in headings:
        found.add_column(heading, justify="left" if heading == "cost" else "right")
    bare = next(iter(samples.values()))
    for name, sample in samples.items():
        median, p99 = sample.quantile_ms(0.5), sample.quantile_ms(0.99)
        found.add_row(
            name,
            f"{len(sample.latencies):,}",
            f"{sample.per_second:,.0f}",
            f"{median:.2f}",
            f"{p99:.2f}",
            f"{median / bare.quantile_ms(0.5):.1f}",
            f"{p99 / bare.quantile_ms(0.99):.1f}",
        )
    return found
