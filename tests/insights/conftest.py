"""Books to read figures from: random entries in a real ledger, rules in a real Redis."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.settings import load
from insights.books import Books
from insights.period import Period, period_of
from storage.records import LedgerEntry
from tests.budget.purse import Engines, Purse, open_purse
from tests.storage.books import random_books
from tests.storage.entries import DAY_MS, NEW_YEAR_MS

NOW_MS = NEW_YEAR_MS + 20 * DAY_MS + 45_000_000
RULES = """
budgets:
  rules:
    - {name: monthly, limit_usd: 1000, window: month}
    - {name: per-campaign, each: campaign, limit_usd: 250, window: month}
    - {name: seo-daily, match: {agent: SEO}, limit_usd: 40, window: day, locked: true}
"""


@dataclass
class Shelf:
    """Everything that figures are read from."""

    books: Books
    entries: list[LedgerEntry]
    purse: Purse

    def __repr__(self) -> str:
        return "random books"

    def month(self) -> Period:
        return period_of("this_month", self.books.timezone, self.books.now_ms)


@pytest.fixture
def loaded(tmp_path: Path):
    path = tmp_path / "purser.yaml"
    path.write_text(RULES)
    return load(path, {})


@pytest.fixture
async def shelf(valkey_url: str, database_url: str, loaded) -> AsyncIterator[Shelf]:
    async with open_purse(Engines(valkey_url, database_url), *loaded.rules) as purse:
        entries = random_books(3, 200, days=20)
        await purse.ledger.append(entries)
        yield Shelf(Books(purse.ledger, purse.link, loaded, NOW_MS), entries, purse)
