"""`python -m benchmarks panel-data`: what the figures of each section take at a million rows."""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.panel_books import fill
from benchmarks.panel_writes import Written, measure_writes, writes_table
from config.settings import Loaded, load
from dashboard.pages.overview.figures import read
from dashboard.state import parse
from insights.agents import agent_detail, agents
from insights.alerts import alerts
from insights.audit_trail import audit_page
from insights.books import Books
from insights.burnup import burnup
from insights.campaigns import campaign_detail, campaigns
from insights.health import health
from insights.limit_preview import limit_preview
from insights.overview import overview
from insights.period import Preset, period_of
from insights.rate_card import rate_card
from insights.rules import rules
from insights.transactions import rows
from storage.audit import AuditSearch
from storage.database import upgrade
from storage.embedded import EmbeddedValkey
from storage.ledger import Ledger
from storage.queries import Filter
from storage.usage import figures_version
from tests.budget.purse import Engines, open_purse
from tests.engines import Postgres

OVERVIEW_MS_MAX: Final = 150
SECTION_MS_MAX: Final = 500

Question = Callable[[Books], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Taken:
    """How long one section took on one engine, milliseconds of waiting, and of this CPU."""

    section: str
    engine: str
    median_ms: float
    p95_ms: float
    cpu_ms: float


def main(arguments: list[str]) -> None:
    """Fill both engines, ask every section, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks panel-data", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    given = parser.parse_args(arguments)
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="purser-bench-"))
    folder.chmod(0o755)
    found: list[Taken] = []
    written: list[Written] = []
    try:
        if given.engine in ("sqlite", "both"):
            url = f"sqlite:///{folder / 'ledger.sqlite3'}"
            asyncio.run(_measure("sqlite", url, folder, given, console, found, written))
        if given.engine in ("postgres", "both"):
            server = Postgres(folder / "postgres")
            try:
                url = server.url(server.create())
                asyncio.run(_measure("postgres", url, folder, given, console, found, written))
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(table(found, given.rows))
    console.print(writes_table(written))


def questions() -> dict[str, Question]:
    """What each section of the panel asks."""

    def over(preset: Preset, ask: Callable[..., Awaitable[Any]], *more: str) -> Question:
        return lambda books: ask(books, period_of(preset, books.timezone, books.now_ms), *more)

    async def preview(books: Books) -> Any:
        row = (await rules(books))[0]
        return await limit_preview(books, row, row.limit_nano * 2)

    async def card(books: Books) -> Any:
        return rate_card(books.loaded)

    return {
        "overview, its whole page": lambda books: read(books, parse("overview", ""), None),
        "overview, month": over("this_month", overview),
        "overview, 90 days": over("last_90d", overview),
        "burn-up": burnup,
        "agents, month": over("this_month", agents),
        "agents, 90 days": over("last_90d", agents),
        "agent, 90 days": over("last_90d", agent_detail, "CONTENT"),
        "campaigns, month": over("this_month", campaigns),
        "campaigns, 90 days": over("last_90d", campaigns),
        "campaign, 90 days": over("last_90d", campaign_detail, "campaign-0"),
        "rules": rules,
        "limit preview": preview,
        "rate card": card,
        "transactions": lambda books: rows(books, Filter(), 0, 100),
        "transactions, deep": lambda books: rows(books, Filter(), 99_900, 100_000),
        "transactions, by key": lambda books: rows(books, Filter(key="key-3"), 0, 100),
        "transactions, refused": lambda b: rows(b, Filter(model="gpt-5", agent="SEO"), 0, 100),
        "health": health,
        "alerts": alerts,
        "audit": lambda books: audit_page(books, AuditSearch()),
        "version alone": lambda books: figures_version(books.ledger),
    }


async def _measure(
    engine: str, url: str, folder: Path, given: argparse.Namespace, console: Console,
    found: list[Taken], written: list[Written],
) -> None:  # fmt: skip
    loaded: Loaded = load(environ={})
    valkey = await asyncio.to_thread(EmbeddedValkey.start, folder / f"valkey-{engine}")
    try:
        await upgrade(url)
        now_ms = int(time.time() * 1000)
        ledger = await Ledger.open(url)
        began = time.monotonic()
        await fill(ledger, given.rows, now_ms)
        await ledger.close()
        console.print(f"{engine}: {given.rows:,} rows written in {time.monotonic() - began:.0f} s")
        async with open_purse(Engines(valkey.url, url), *loaded.rules) as purse:
            books = Books(purse.ledger, purse.link, loaded, now_ms)
            for section, ask in questions().items():
                found.append(await _timed(engine, section, ask, books, given.rounds))
            written += await measure_writes(
                engine, purse.ledger, given.rounds, now_ms, given.rows + 1
            )
    finally:
        await asyncio.to_thread(valkey.stop)


async def _timed(engine: str, section: str, ask: Question, books: Books, rounds: int) -> Taken:
    await ask(books)
    taken: list[float] = []
    cpu = time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        await ask(books)
        taken.append((time.perf_counter() - began) * 1000)
    cpu_ms = (time.process_time() - cpu) * 1000 / rounds
    taken.sort()
    p95 = taken[min(len(taken) - 1, round(len(taken) * 0.95))]
    return Taken(section, engine, statistics.median(taken), p95, cpu_ms)


def table(found: list[Taken], count: int) -> Table:
    """One line a section and engine; what is beyond its bound is marked."""
    shown = Table(title=f"Figures of the panel at {count:,} ledger rows (ms)")
    for heading in ("section", "engine", "median", "p95", "CPU of this process", ""):
        left = heading in ("section", "engine", "")
        shown.add_column(heading, justify="left" if left else "right")
    for one in sorted(found, key=lambda taken: (taken.section, taken.engine)):
        most = OVERVIEW_MS_MAX if one.section.startswith("overview") else SECTION_MS_MAX
        shown.add_row(
            one.section, one.engine, f"{one.median_ms:.1f}", f"{one.p95_ms:.1f}",
            f"{one.cpu_ms:.1f}", "" if one.median_ms < most else f"above {most}",
        )  # fmt: skip
    return shown
