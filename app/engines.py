"""The storage of one process, opened: Redis or the private Valkey, and the ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.sections import EMBEDDED
from config.settings import Loaded
from storage.database import database_url, upgrade
from storage.embedded import EmbeddedValkey
from storage.ledger import Ledger
from storage.redis_link import RedisLink

SANDBOX_FOLDER = "sandbox"
"""Where Purser keeps what was only spent on the sandbox: never beside real money."""


@dataclass(frozen=True, slots=True)
class Engines:
    """Opened storage. `sandbox`: there is no upstream key, the stand-in answers."""

    link: RedisLink
    ledger: Ledger
    data_dir: Path
    sandbox: bool
    redis_url: str
    database_url: str
    embedded: EmbeddedValkey | None


def effective_data_dir(loaded: Loaded) -> Path:
    """The data folder in use: the sandbox has one of its own."""
    data_dir = loaded.settings.storage.data_dir.absolute()
    return data_dir / SANDBOX_FOLDER if answers_from_sandbox(loaded) else data_dir


def answers_from_sandbox(loaded: Loaded) -> bool:
    """Whether there is no key for the upstream, so that the sandbox stands in."""
    return loaded.settings.upstream.key_from == "sandbox"


async def open_link(loaded: Loaded) -> tuple[RedisLink, EmbeddedValkey | None]:
    """Redis alone: for what must work while SQL is down. Raises `EmbeddedFailed`."""
    setting = loaded.settings.storage.redis_url
    if setting != EMBEDDED:
        return RedisLink(setting), None
    valkey = await asyncio.to_thread(EmbeddedValkey.start, effective_data_dir(loaded))
    return RedisLink(valkey.url), valkey


@asynccontextmanager
async def opened(loaded: Loaded) -> AsyncIterator[Engines]:
    """Open everything; an embedded database is brought to this version's tables first."""
    storage = loaded.settings.storage
    data_dir = effective_data_dir(loaded)
    link, valkey = await open_link(loaded)
    try:
        url = database_url(storage.database_url, data_dir)
        if storage.database_url == EMBEDDED:
            await upgrade(url)
        ledger = await Ledger.open(url)
        try:
            yield Engines(
                link, ledger, data_dir, answers_from_sandbox(loaded), link.url, url, valkey
            )
        finally:
            await ledger.close()
    finally:
        await link.close()
