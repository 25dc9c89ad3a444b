"""`purser ledger`: reading entries, and correcting them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
import typer

from app.books import are_clear, say_whose, system_user
from app.columns import columns
from app.complaints import CONFIGURATION_WRONG, DONE, FAILED, complain
from app.engines import effective_data_dir, opened
from budget.corrections import Corrected, Wanted
from budget.corrections import correct as make_correction
from budget.errors import Uncorrectable
from config.money import usd_text
from config.sections import EMBEDDED
from config.settings import Loaded, load
from storage.database import database_url, upgrade
from storage.ledger import Ledger, Search
from storage.records import LedgerEntry, Status

T = TypeVar("T")


def list_entries(
    config: Path | None, wanted: Mapping[str, Any], limit: int, *, as_json: bool
) -> int:
    """Print the newest entries that fit."""
    loaded = load(config)
    say_whose(loaded)
    status = wanted["status"] and Status(wanted["status"])
    search = Search(**{**wanted, "status": status})
    entries = asyncio.run(on_ledger(loaded, lambda ledger: ledger.search(search, limit)))
    if as_json:
        _print_json(entries)
    else:
        typer.echo(_table(entries) if entries else "No entry fits.")
    return DONE


def show(config: Path | None, hold: str, *, as_json: bool) -> int:
    """Print everything about one call."""
    loaded = load(config)
    say_whose(loaded)
    entries = asyncio.run(on_ledger(loaded, lambda ledger: _find(ledger, hold)))
    if not entries:
        complain(
            f"the ledger has no call {hold}.",
            "An ended call is there within a second while a janitor runs; one in flight is not.",
        )
        return FAILED
    if as_json:
        _print_json(entries)
    else:
        typer.echo("\n\n".join(_told(entry) for entry in entries))
        if len(entries) > 1:
            total = sum(entry.charge_nano for entry in entries)
            typer.echo(f"\nin all             {usd_text(total)} USD")
    return DONE


def correct(
    config: Path | None,
    hold: str,
    charge_nano: int,
    provider_nano: int | None,
    reason: str,
    by: str | None,
    *,
    sandbox: bool,
) -> int:
    """Add a correcting entry to a call."""
    loaded = load(config)
    if not are_clear(loaded, sandbox=sandbox):
        return CONFIGURATION_WRONG
    wanted = Wanted(hold, charge_nano, provider_nano, by or system_user(), "cli", reason)
    say_whose(loaded)
    try:
        done = asyncio.run(_correct(loaded, wanted))
    except Uncorrectable as error:
        complain(str(error))
        return FAILED
    typer.echo(
        f"Entry {done.entry} of {done.hold_id}: charged {usd_text(done.after.charge)} USD instead "
        f"of {usd_text(done.before.charge)}, provider {usd_text(done.after.provider)} USD instead "
        f"of {usd_text(done.before.provider)}."
    )
    return DONE


async def _correct(loaded: Loaded, wanted: Wanted) -> Corrected:
    async with opened(loaded) as engines:
        return await make_correction(engines.link, engines.ledger, wanted)


async def on_ledger(loaded: Loaded, work: Callable[[Ledger], Awaitable[T]]) -> T:
    """Read the database alone: entries can be read while Redis is away."""
    setting = loaded.settings.storage.database_url
    url = database_url(setting, effective_data_dir(loaded))
    if setting == EMBEDDED:
        await upgrade(url)
    ledger = await Ledger.open(url)
    try:
        return await work(ledger)
    finally:
        await ledger.close()


async def _find(ledger: Ledger, hold: str) -> Sequence[LedgerEntry]:
    """The entries of a call by its hold, else by its request id."""
    found: Sequence[LedgerEntry] = await ledger.entries_of(hold)
    return found or list(reversed(await ledger.search(Search(request_id=hold))))


def _table(entries: Sequence[LedgerEntry]) -> str:
    head = ("admitted (UTC)", "hold", "status", "agent", "campaign", "model", "tokens", "USD", "")
    rows = [
        (
            _time(entry.admitted_ms),
            entry.hold_id,
            entry.status if entry.count == 1 else f"{entry.status} x{entry.count}",
            entry.agent,
            entry.campaign,
            entry.served_model or entry.requested_model or "-",
            str(entry.usage.total_tokens),
            usd_text(entry.charge_nano),
            " ".join(sorted(entry.flags)) or (entry.rule or entry.reason or ""),
        )
        for entry in entries
    ]
    return columns(head, rows, right=("tokens", "USD"))


def _told(entry: LedgerEntry) -> str:
    usage = ", ".join(f"{name} {n}" for name, n in asdict(entry.usage).items() if n)
    known = {
        f"entry {entry.entry}": entry.status,
        "hold": entry.hold_id,
        "request": entry.request_id,
        "number": entry.seq,
        "admitted": _time(entry.admitted_ms),
        "posted": _time(entry.posted_ms),
        "agent": entry.agent,
        "campaign": entry.campaign,
        "task": entry.task,
        "key": entry.key,
        "execution": entry.execution_id,
        "endpoint": entry.endpoint,
        "requested model": entry.requested_model,
        "served model": entry.served_model,
        "tier": entry.tier,
        "usage": usage,
        "charge": f"{usd_text(entry.charge_nano)} USD",
        "provider": f"{usd_text(entry.provider_nano)} USD",
        "held": f"{usd_text(entry.held_nano)} USD",
        "flags": " ".join(sorted(entry.flags)),
        "prices": entry.price_version,
        "HTTP status": entry.http_status,
        "latency": None if entry.latency_ms is None else f"{entry.latency_ms} ms",
        "first byte": None if entry.ttfb_ms is None else f"{entry.ttfb_ms} ms",
        "calls": entry.count if entry.count > 1 else None,
        "rule": entry.rule,
        "reason": entry.reason,
    }
    return "\n".join(
        f"{name:<17}  {value}" for name, value in known.items() if value not in (None, "")
    )


def _print_json(entries: Sequence[LedgerEntry]) -> None:
    for entry in entries:
        fields = asdict(entry)
        # Encrypted: of no use here.
        del fields["metadata"]
        fields["usage"] = {name: n for name, n in fields["usage"].items() if n}
        for name in ("charge", "provider", "held"):
            fields[f"{name}_usd"] = usd_text(fields[f"{name}_nano"])
        typer.echo(orjson.dumps(fields, default=sorted).decode())


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
