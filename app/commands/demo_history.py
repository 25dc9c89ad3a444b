"""`purser demo --months` and `--purge`: the demo's own books filled with history, or emptied."""

import asyncio
import shutil
import time
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.commands.reconcile import reconcile_once
from app.complaints import DONE, FAILED, complain
from app.demo.history import History, days_of
from app.demo.past import raises_of, samples_of, write_acts
from app.demo.purser import (
    FOLDER,
    DemoFailed,
    alone_in,
    check_is_demos,
    command,
    free_port,
    write_config,
)
from app.engines import SANDBOX_FOLDER, Engines, opened
from budget.publication import Publication
from budget.windows import current_window
from config.settings import Loaded, load
from storage import samples
from storage.embedded import EmbeddedValkey
from storage.presence import leave
from storage.samples import Sample
from storage.upkeep import Upkeep

BATCH = 500
SAMPLES = 5_000
JANITOR = "demo-history"


def fill(config: Path | None, months: int, seed: int) -> int:
    """Fill the demo's books; they must be empty."""
    folder = _folder(config)
    check_is_demos(folder)
    with alone_in(folder):
        path = write_config(folder, free_port())
        return asyncio.run(_fill(load(path, {}), path, months, seed))


def purge(config: Path | None) -> int:
    """Drop the demo's database and its Redis."""
    folder = _folder(config)
    if not (folder / SANDBOX_FOLDER).exists():
        typer.echo(f"There is no demo's database in {folder}.")
        return DONE
    check_is_demos(folder)
    with alone_in(folder):
        data = folder / SANDBOX_FOLDER
        EmbeddedValkey.start(data).stop()
        shutil.rmtree(data)
    typer.echo(f"Dropped the demo's database in {data}.")
    return DONE


def _folder(config: Path | None) -> Path:
    return load(config).settings.storage.data_dir.absolute() / FOLDER


async def _fill(loaded: Loaded, path: Path, months: int, seed: int) -> int:
    async with opened(loaded) as engines:
        try:
            if await engines.ledger.max_seq():
                raise DemoFailed(
                    f"the demo's database in {engines.data_dir} has entries already: "
                    "`purser demo --purge` drops it"
                )
            count = await _write(engines, loaded, months, seed)
            clean = await _settle(engines, loaded)
        finally:
            if engines.embedded is not None:
                await asyncio.to_thread(engines.embedded.stop)
    typer.echo(f"{count:,} entries of {days_of(months)} days are in the ledger.")
    if not clean:
        complain("ledger and counters differ: run `purser reconcile` on the demo")
        return FAILED
    typer.echo("Ledger, rollup and counters agree. See them in the panel by:")
    typer.echo(f"  {command('serve', '--config', str(path))}")
    return DONE


async def _write(engines: Engines, loaded: Loaded, months: int, seed: int) -> int:
    rule, now_ms = loaded.primary, int(time.time() * 1000)
    assert rule is not None
    raised = raises_of(rule, now_ms)
    history = History(loaded, months, seed, now_ms, raised)
    written = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns) as progress:
        days = progress.add_task("days of history", total=history.days)
        for entries in history.by_day():
            for at in range(0, len(entries), BATCH):
                rejected = await engines.ledger.append(entries[at : at + BATCH])
                if rejected:
                    raise DemoFailed(f"the ledger rejects the history: {rejected[0].why}")
            written += len(entries)
            progress.advance(days)
        await write_acts(engines.ledger, rule, raised, now_ms)
        minutes = list(samples_of(history.days, seed, now_ms))
        health = progress.add_task("minutes of health", total=len(minutes))
        for at in range(0, len(minutes), SAMPLES):
            some: list[Sample] = minutes[at : at + SAMPLES]
            await samples.write(engines.ledger, *some)
            progress.advance(health, len(some))
    return written


async def _settle(engines: Engines, loaded: Loaded) -> bool:
    """Build Redis from the ledger, as a janitor does, and compare."""
    upkeep = Upkeep(engines.link, engines.ledger, JANITOR, current_window, lambda: loaded.rules)
    await upkeep.tick()
    await Publication(engines.link, engines.ledger).publish(loaded.rules, loaded.digest)
    report = await reconcile_once(engines, loaded)
    await leave(engines.link, JANITOR)
    return report.clean
