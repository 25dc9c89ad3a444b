"""Reads the books of a deployment on embedded engines, as a command does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.ledger import Ledger
from storage.redis_link import RedisLink
from tests.harness import PurserProcess

T = TypeVar("T")


def on_books(purser: PurserProcess, work: Callable[[RedisLink, Ledger], Awaitable[T]]) -> T:
    """Do something with a deployment's Redis and its ledger."""
    folder = purser.deployment.data_dir

    async def run() -> T:
        link = RedisLink(f"unix://{(folder / 'valkey' / 'socket').read_text()}")
        ledger = await Ledger.open(f"sqlite:///{folder / 'purser.sqlite3'}")
        try:
            return await work(link, ledger)
        finally:
            await ledger.close()
            await link.close()

    return asyncio.run(run())
