"""`purser freeze` and `thaw`: need Redis alone, so that they work while SQL is down."""

import asyncio
from pathlib import Path
from typing import Final

import typer

from app.books import are_clear, say_whose, system_user
from app.complaints import CONFIGURATION_WRONG, DONE
from app.engines import open_link
from config.settings import Loaded, load
from storage.freeze import set_frozen, wait_until_kept
from storage.presence import processes

KEPT_S: Final = 3.0
"""How long a freeze waits for a janitor to write it down; it binds at once."""


def freeze(config: Path | None, reason: str, by: str | None, *, sandbox: bool) -> int:
    """Refuse every metered call from now on."""
    loaded = load(config)
    if not are_clear(loaded, sandbox=sandbox):
        return CONFIGURATION_WRONG
    changed, proxies = asyncio.run(_set(loaded, by, reason, frozen=True))
    if changed:
        typer.echo("Frozen: every metered call is refused from now on. `purser thaw` ends it.")
    else:
        typer.echo("It was frozen already; the reason is the new one. `purser thaw` ends it.")
    typer.echo(f"It binds {_how_many(proxies)} here, and every one that joins.")
    say_whose(loaded)
    return DONE


def thaw(config: Path | None, reason: str, by: str | None, *, sandbox: bool) -> int:
    """Let calls pass again."""
    loaded = load(config)
    if not are_clear(loaded, sandbox=sandbox):
        return CONFIGURATION_WRONG
    changed, _ = asyncio.run(_set(loaded, by, reason, frozen=False))
    typer.echo("Thawed: calls that fit their budgets pass." if changed else "It was not frozen.")
    say_whose(loaded)
    return DONE


async def _set(loaded: Loaded, by: str | None, reason: str, *, frozen: bool) -> tuple[bool, int]:
    """Whether it changed, and how many proxy processes it binds."""
    link, _ = await open_link(loaded)
    try:
        changed = await set_frozen(link, by or system_user(), "cli", reason, frozen=frozen)
        living = await processes(link)
        if any(about.get("kind") == "janitor" for about in living.values()):
            # Until then a Redis that is emptied would forget it; with SQL down it stands anyway.
            await wait_until_kept(link, KEPT_S)
    finally:
        await link.close()
    return changed, sum(1 for about in living.values() if about.get("kind") == "proxy")


def _how_many(proxies: int) -> str:
    return {0: "no proxy that runs", 1: "the proxy that runs"}.get(
        proxies, f"the {proxies} proxies that run"
    )
