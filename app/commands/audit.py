"""`purser audit`: who changed what, and whether anybody changed that."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer

from app.books import say_whose
from app.commands.ledger import on_ledger
from app.complaints import DONE, FAILED, complain
from config.settings import load
from storage.audit import Audited


def verify(config: Path | None) -> int:
    """Walk the whole chain; ends with 1 where a line was changed or taken."""
    loaded = load(config)
    say_whose(loaded)
    problems = asyncio.run(on_ledger(loaded, lambda ledger: ledger.verify_audit()))
    if problems:
        complain("the audit log is not what was written:", *problems)
        return FAILED
    newest = asyncio.run(on_ledger(loaded, lambda ledger: ledger.audited(1)))
    if not newest:
        typer.echo("The audit log is empty.")
        return DONE
    typer.echo(f"{newest[0].seq} lines, each as it was written. The last one's hash:")
    typer.echo(newest[0].hash)
    return DONE


def show(config: Path | None, limit: int, *, as_json: bool) -> int:
    """Print the newest lines."""
    loaded = load(config)
    say_whose(loaded)
    lines = asyncio.run(on_ledger(loaded, lambda ledger: ledger.audited(limit)))
    for line in lines:
        typer.echo(orjson.dumps(asdict(line)).decode() if as_json else _text(line))
    if not lines and not as_json:
        typer.echo("The audit log is empty.")
    return DONE


def _text(line: Audited) -> str:
    at = datetime.fromtimestamp(line.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    act = line.act
    changed = " → ".join(part for part in (act.old, act.new) if part is not None)
    told = f"{line.seq}  {at}  {act.action}  by {act.who} ({act.place})"
    told += f"  {changed}" if changed else ""
    return f"{told}  because {act.reason}" if act.reason else told
