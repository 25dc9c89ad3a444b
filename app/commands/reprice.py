"""`purser reconcile --reprice`: what the ledger's calls cost by the prices in force, or others."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson
import typer

from app.books import say_whose
from app.columns import columns
from app.commands.ledger import on_ledger
from app.complaints import CONFIGURATION_WRONG, DONE, complain
from app.price_tables import NoTable, table_named
from budget.repricing import Line, Repriced, reprice
from config.models import ModelTable
from config.money import usd_text
from config.settings import load
from storage.ledger import Search


def reprice_ledger(
    config: Path | None,
    against: str | None,
    since_ms: int | None,
    until_ms: int | None,
    *,
    as_json: bool,
) -> int:
    """Compute provider costs anew and print, per model, what that changes. Changes nothing."""
    loaded = load(config)
    try:
        table = loaded.models if against is None else table_named(against, loaded.models.models)
    except NoTable as problem:
        complain(f"--against: {problem}")
        return CONFIGURATION_WRONG
    say_whose(loaded)
    wanted = Search(since_ms=since_ms, until_ms=until_ms)
    found = asyncio.run(
        on_ledger(loaded, lambda ledger: reprice(ledger, loaded.models, table, wanted))
    )
    if as_json:
        typer.echo(_json(found, loaded.models, table))
    else:
        typer.echo("\n".join(_told(found, loaded.models, table)))
    return DONE


def _told(found: Repriced, own: ModelTable, table: ModelTable) -> Iterator[str]:
    yield f"Provider costs in the ledger, priced anew by {table.version}:"
    yield ""
    if not found.lines:
        yield "No entry fits."
        return
    head = ("model", "rows", "recorded USD", "repriced USD", "difference USD", "")
    rows = [_row(line.model or "-", line) for line in found.lines]
    yield columns(head, [*rows, _row("in all", found.total)], right=head[1:5])
    yield ""
    if found.total.kept:
        yield (
            f"{found.total.kept} rows stand as recorded: their amount does not follow from units "
            "(assumed, told by hand, or a batch), or the table has no price for their model."
        )
    yield f"{found.proven} rows priced by {own.version} give the recorded amount again."
    for version, count in found.other_versions.items():
        yield f"{count} rows were priced by {version or 'no table'}: only that could prove them."
    if found.inconsistent_rows:
        yield ""
        yield f"{found.inconsistent_rows} rows do NOT give the recorded amount again:"
        bad = [
            (row.hold_id, str(row.entry), row.model, *_usd(row.recorded_nano, row.recomputed_nano))
            for row in found.inconsistent
        ]
        names = ("hold", "entry", "model", "recorded USD", "recomputed USD")
        yield columns(names, bad, right=("entry", *names[3:]))


def _row(name: str, line: Line) -> tuple[str, ...]:
    amounts = _usd(line.recorded_nano, line.repriced_nano, line.difference_nano)
    kept = f"{line.kept} as recorded" if line.kept else ""
    return (name, str(line.rows), *amounts, kept)


def _usd(*nano: int) -> tuple[str, ...]:
    return tuple(map(usd_text, nano))


def _json(found: Repriced, own: ModelTable, table: ModelTable) -> str:
    def line(of: Line) -> dict[str, object]:
        return asdict(of) | {"difference_nano": of.difference_nano}

    body = {
        "own_version": own.version,
        "priced_by": table.version,
        "models": [line(of) for of in found.lines],
        "total": line(found.total),
        "proven": found.proven,
        "other_versions": found.other_versions,
        "inconsistent_rows": found.inconsistent_rows,
        "inconsistent": [asdict(row) for row in found.inconsistent],
    }
    return orjson.dumps(body).decode()
