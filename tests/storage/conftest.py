from collections.abc import AsyncIterator

import pytest

from storage.ledger import Ledger
from storage.redis_link import RedisLink
from tests.budget.purse import Engines


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(database_url)
    yield ledger
    await ledger.close()


@pytest.fixture
async def link(valkey_url: str) -> AsyncIterator[RedisLink]:
    link = RedisLink(valkey_url)
    yield link
    await link.close()


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    """Embedded engines, empty: where SQL makes no difference."""
    return Engines(valkey_url, sqlite_url)


@pytest.fixture
def both_engines(valkey_url: str, database_url: str) -> Engines:
    """The same, once on each database: where it may."""
    return Engines(valkey_url, database_url)
