"""What an entry costs as it is drained: `Ledger.append` beside a bare INSERT of the same rows."""

import statistics
import time
from dataclasses import dataclass
from itertools import islice
from typing import Final

from rich.table import Table

from benchmarks.panel_books import rows, write
from config.bounds import DRAIN_BATCH
from storage.ledger import Ledger
from storage.rows import entry_of

BATCHES: Final = (10, DRAIN_BATCH)
"""A trickle, and as many as one drain takes."""


@dataclass(frozen=True, slots=True)
class Written:
    """What 1,000 entries take, medians: milliseconds of waiting, of this process's CPU, and of
    its event loop's (which calls wait for, where they are served by the same process)."""

    engine: str
    way: str
    batch: int
    wall_ms: float
    cpu_ms: float
    loop_ms: float


async def measure_writes(
    engine: str, ledger: Ledger, rounds: int, now_ms: int, first: int
) -> list[Written]:
    """Write both ways in turns; sequence numbers from `first` on must be free."""
    taken: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
    # As from a ledger of so many rows in 90 days, the newest at its end.
    fresh = islice(rows(first + 2 * (rounds + 1) * sum(BATCHES), now_ms), first, None)
    for batch in BATCHES:
        for turn in range(rounds + 1):
            for way in ("INSERT", "append"):
                some = list(islice(fresh, batch))
                entries = [entry_of(row) for row in some]
                began = (time.perf_counter(), time.process_time(), time.thread_time())
                if way == "append":
                    await ledger.append(entries)
                else:
                    await write(ledger, some)
                ended = (time.perf_counter(), time.process_time(), time.thread_time())
                if turn:
                    wall, cpu, loop = (b - a for a, b in zip(began, ended, strict=True))
                    taken.setdefault((way, batch), []).append((wall, cpu, loop))
    return [
        Written(engine, way, batch, *(_median(some, at) * 1e6 / batch for at in range(3)))
        for (way, batch), some in taken.items()
    ]


def _median(some: list[tuple[float, float, float]], at: int) -> float:
    return statistics.median(one[at] for one in some)


def writes_table(found: list[Written]) -> Table:
    """One line a way, batch and engine."""
    shown = Table(title="1,000 ledger entries written (ms)")
    headings = ("engine", "batch", "way", "wall", "entries/s", "CPU", "event loop's CPU")
    for heading in headings:
        shown.add_column(heading, justify="left" if heading in ("engine", "way") else "right")
    for one in found:
        shown.add_row(
            one.engine, f"{one.batch}", one.way, f"{one.wall_ms:.0f}",
            f"{1e6 / one.wall_ms:,.0f}", f"{one.cpu_ms:.0f}", f"{one.loop_ms:.0f}",
        )  # fmt: skip
    return shown
