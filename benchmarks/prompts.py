"""Whether prompts of 100,000 tokens stall small calls: small calls alone, and while ten are sent.

The same is done without Purser, so that what the machine itself does to it can be seen.
"""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from itertools import repeat
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.calls import BODY, HEADERS
from benchmarks.load import Asked, Sample, Turns, merged, once, request, run, run_until
from benchmarks.servers import BUDGETS, Way, cores, pin, pinned_here
from benchmarks.upstream import BareUpstream
from proxy.tokens import encoding
from tests.harness import Deployment

AT_ONCE: Final = 10
MESSAGES: Final = 20
TOKENS: Final = 100_000
RATIO_MAX: Final = 3.0
"""What is promised of the p99 of small calls."""
SMALL_AT_ONCE: Final = 4
WORDS: Final = "The quick brown fox jumps over the lazy dog, and nobody in 1984 minded. Naïve? "


def bench(console: Console, turns: Turns) -> None:
    """Measures both ways and prints quiet, busy and their ratio."""
    pinned, about = cores()
    console.print(about)
    with (
        tempfile.TemporaryDirectory(prefix="purser-bench-") as folder,
        pinned_here(pinned.upstream),
    ):
        upstream = BareUpstream(Path(folder))
        pin(upstream, pinned.upstream)
        with upstream:
            deployment = Deployment(Path(folder), BUDGETS, upstream=upstream.url)
            purser = deployment.process("serve", measured=False)
            pin(purser, pinned.proxy)
            with purser:
                ways = [Way("direct", upstream.url), Way("Purser", purser.url)]
                console.print(table({way.name: measure(way, turns) for way in ways}))


def measure(way: Way, turns: Turns) -> tuple[Sample, Sample]:
    """Small calls alone, and while ten large ones are on their way; a first turn warms up."""
    url = f"{way.url}/v1/chat/completions"
    small = Asked(url, repeat(request(url, BODY, HEADERS)))
    large = Asked(url, repeat(request(url, prompt(), HEADERS)))

    async def turn() -> tuple[Sample, Sample]:
        quiet = await run(small, SMALL_AT_ONCE, turns.seconds)
        work = asyncio.gather(*(once(large) for _ in range(AT_ONCE)))
        busy = await run_until(small, SMALL_AT_ONCE, work)
        return quiet, busy

    taken = [asyncio.run(turn()) for _ in range(turns.rounds + 1)][1:]
    return merged([quiet for quiet, _ in taken]), merged([busy for _, busy in taken])


def prompt() -> bytes:
    """A body of `TOKENS` tokens in messages that are each short enough to be counted exactly."""
    each = len(encoding("o200k_base").encode_ordinary(WORDS))
    text = WORDS * (TOKENS // MESSAGES // each + 1)
    messages = [{"role": "user", "content": text} for _ in range(MESSAGES)]
    return json.dumps({"model": "gpt-4o-mini", "max_tokens": 16, "messages": messages}).encode()


def table(taken: Mapping[str, tuple[Sample, Sample]]) -> Table:
    """Quiet, busy and the ratio of each way."""
    found = Table(
        title=f"Small calls, {SMALL_AT_ONCE} at once, while {AT_ONCE} prompts of {TOKENS:,} tokens "
        f"pass (ms; p99 promised below {RATIO_MAX:g} × quiet)"
    )
    headings = ("way", "small calls", "quiet median", "quiet p99", "busy median", "busy p99")
    for heading in (*headings, "busy max", "p99, busy ÷ quiet"):
        found.add_column(heading, justify="left" if heading == "way" else "right")
    for name, (quiet, busy) in taken.items():
        found.add_row(
            name,
            f"{len(quiet.latencies):,} / {len(busy.latencies):,}",
            *(
                f"{sample.quantile_ms(share):.2f}"
                for sample in (quiet, busy)
                for share in (0.5, 0.99)
            ),
            f"{busy.quantile_ms(1.0):.2f}",
            f"{busy.quantile_ms(0.99) / quiet.quantile_ms(0.99):.2f}",
        )
    return found
