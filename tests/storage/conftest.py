"""A ledger of its own for each test, once on each engine."""

from collections.abc import AsyncIterator

import pytest

from storage.ledger import Ledger


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(database_url)
    yield ledger
    await ledger.close()
