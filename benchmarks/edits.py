"""How long an edit of the configuration takes until calls go by it, beside the file's own polls."""

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.load import Sample, Turns
from config.bounds import CONFIG_BIND_S, CONFIG_POLL_S
from tests.harness import Deployment
from tests.waiting import wait_for

EDITS_A_ROUND: Final = 3
CONFIG: Final = """
budgets:
  rules:
    - {{name: monthly, limit_usd: {limit}, window: month}}
"""
CHAT: Final = "/v1/chat/completions"


def bench(console: Console, turns: Turns) -> None:
    """Edits a limit to and fro, and prints how long each edit took to bind a call."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory(prefix="purser-bench-") as folder:
        deployment = Deployment(Path(folder), CONFIG.format(limit=1000))
        with (
            deployment.start("serve", measured=False) as purser,
            httpx.Client(base_url=purser.url, timeout=30, trust_env=False) as client,
        ):
            for turn in range(turns.rounds * EDITS_A_ROUND):
                limit, status = (1000, 200) if turn % 2 else ("0.000000001", 429)
                started = perf_counter()
                deployment.write_config(CONFIG.format(limit=limit))
                wait_for(lambda status=status: _call(client) == status, f"a call to get {status}")
                taken.append(perf_counter() - started)
    console.print(table(Sample(sum(taken), taken)))


def _call(client: httpx.Client) -> int:
    body = {"model": "gpt-4o-mini", "max_tokens": 1, "messages": [{"role": "user", "content": "a"}]}
    return client.post(CHAT, json=body, headers={"X-Agent-Type": "CONTENT"}).status_code


def table(sample: Sample) -> Table:
    """Median and longest, beside how often the file is looked at and what is promised."""
    found = Table(title=f"An edit binds calls after (ms; promised: {CONFIG_BIND_S * 1000:,.0f})")
    for heading in ("edits", "median", "longest", "file looked at every"):
        found.add_column(heading, justify="right")
    found.add_row(
        str(len(sample.latencies)),
        f"{sample.quantile_ms(0.5):.0f}",
        f"{sample.quantile_ms(1.0):.0f}",
        f"{CONFIG_POLL_S * 1000:.0f}",
    )
    return found
