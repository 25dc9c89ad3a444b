"""`purser keys`: the keys that callers and administrators of this deployment have."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import typer

from app.books import are_clear, say_whose, system_user
from app.columns import columns
from app.complaints import CONFIGURATION_WRONG, DONE, FAILED, complain
from app.engines import opened
from config.settings import Loaded, load
from proxy.endpoints import ENDPOINTS
from storage.key_records import KeyRecord, allows
from storage.keys import By, Keys, Made, Wanted
from storage.published_keys import now_ms

T = TypeVar("T")
_HEAD: Final = ("name", "kind", "key", "bound to", "expires (UTC)", "last used (UTC)", "state")
_LATE: Final = (
    "Redis did not take it: the janitor brings it there as soon as it can.",
    "Proxies that reach Redis meanwhile go by what they had before.",
)


def create(
    config: Path | None, wanted: Mapping[str, Any], by: str | None, *, as_json: bool, sandbox: bool
) -> int:
    """Make a key and show its secret, this once."""
    loaded = load(config)
    paths = [path.removeprefix("/").removeprefix("v1/") for path in wanted["endpoints"]]
    unknown = [path for path in paths if not any(allows((path,), row.name) for row in ENDPOINTS)]
    if unknown:
        complain(
            f"no endpoint is called {unknown[0]}: write it like chat/completions, or",
            "like vector_stores* for all that begin so.",
        )
        return CONFIGURATION_WRONG
    if not are_clear(loaded, sandbox=sandbox):
        return CONFIGURATION_WRONG
    for model in wanted["models"]:
        if not model.endswith("*") and loaded.models.resolve(model) is None:
            complain(f"no price list knows the model {model}; the key is bound to it all the same")
    made = asyncio.run(_with(loaded, lambda keys: keys.create(Wanted(**wanted), _by(by))))
    _show_made(loaded, made, as_json=as_json)
    return DONE


def list_keys(config: Path | None, *, every: bool, as_json: bool) -> int:
    """Print the keys there are."""
    loaded = load(config)
    say_whose(loaded)
    records = asyncio.run(_with(loaded, lambda keys: keys.list()))
    shown = [record for record in records if every or record.problem(now_ms()) is None]
    if as_json:
        for record in shown:
            typer.echo(orjson.dumps(_plain(record)).decode())
    elif shown:
        typer.echo(columns(_HEAD, [_row(record) for record in shown]))
    else:
        typer.echo("There is no key." if every else "There is no live key. `--all` shows all.")
    return DONE


def rotate(
    config: Path | None,
    named: str,
    overlap_s: int,
    expires_ms: int | None,
    by: str | None,
    *,
    as_json: bool,
    sandbox: bool,
) -> int:
    """Make a new secret for a key; the old one ends after the overlap."""
    loaded = load(config)
    if not are_clear(loaded, sandbox=sandbox):
        return CONFIGURATION_WRONG
    made = asyncio.run(
        _with(loaded, lambda keys: keys.rotate(named, _by(by), overlap_s, expires_ms))
    )
    _show_made(loaded, made, as_json=as_json)
    if not as_json:
        ends = now_ms() + overlap_s * 1000
        typer.echo(f"The old one works until {_time(ends)}." if overlap_s else "The old one ended.")
    return DONE


def revoke(config: Path | None, named: str, reason: str, by: str | None, *, sandbox: bool) -> int:
    """End a key on every proxy at once."""
    loaded = load(config)
    if not are_clear(loaded, sandbox=sandbox):
        return CONFIGURATION_WRONG
    whom = _by(by, reason)
    revoked, published = asyncio.run(_with(loaded, lambda keys: keys.revoke(named, whom)))
    say_whose(loaded)
    for record in revoked:
        typer.echo(f"Revoked {record.name} ({record.prefix}…).")
    if not published:
        complain("the revocation is written down, but does not bind yet.", *_LATE)
        return FAILED
    typer.echo("It binds every proxy from now on. Calls in flight end as usual.")
    return DONE


async def _with(loaded: Loaded, work: Callable[[Keys], Awaitable[T]]) -> T:
    async with opened(loaded) as engines:
        return await work(Keys(engines.link, engines.ledger))


def _by(by: str | None, reason: str = "") -> By:
    return By(by or system_user(), "cli", reason)


def _show_made(loaded: Loaded, made: Made, *, as_json: bool) -> None:
    say_whose(loaded)
    if not made.published:
        complain("the key is made, but does not bind yet.", *_LATE)
    if as_json:
        typer.echo(orjson.dumps(_plain(made.record) | {"secret": made.secret}).decode())
        return
    use = "as OPENAI_API_KEY" if made.record.kind == "proxy" else "for /api/billing"
    typer.echo(
        f"The {made.record.kind} key {made.record.name}, to be used {use}. "
        f"Its secret is shown this once:\n\n    {made.secret}\n"
    )


def _plain(record: KeyRecord) -> dict[str, Any]:
    """A key for machines: everything but its secret's digest."""
    hidden = ("digest", "version")
    plain = {name: value for name, value in asdict(record).items() if name not in hidden}
    return plain | {"state": record.problem(now_ms()) or "live"}


def _row(record: KeyRecord) -> Sequence[str]:
    return (
        record.name,
        record.kind if record.role is None else f"{record.kind} ({record.role})",
        f"{record.prefix}…",
        _bound(record),
        "never" if record.expires_ms is None else _time(record.expires_ms),
        "never" if record.last_used_ms is None else _time(record.last_used_ms),
        record.problem(now_ms()) or "live",
    )


def _bound(record: KeyRecord) -> str:
    parts = [part for part in (record.agent, record.campaign) if part is not None]
    return "; ".join([*parts, *record.models, *record.endpoints]) or "nothing"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
