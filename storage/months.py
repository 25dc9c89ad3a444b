"""The budget of each month as somebody set it, so that a past month still knows its own."""

import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import is_sqlite, reading, writing
from storage.ledger import Ledger
from storage.tables import monthly_budget

FULL_MILLE: Final = 1_000


async def note(ledger: Ledger, month: str, limit_nano: int, alert_at_mille: Sequence[int]) -> None:
    """Keep the budget of `month` ("2026-01") and the lowest of its alert thresholds.

    A rule without any is kept as one that alerts at its limit.
    """
    dialect: Any = sqlite if is_sqlite(ledger.engine.url) else postgresql
    values = {
        "limit_nano": limit_nano,
        "alert_at_mille": min(alert_at_mille, default=FULL_MILLE),
        "changed_ms": int(time.time() * 1000),
    }
    statement = dialect.insert(monthly_budget).values(month=month, **values)
    async with writing(ledger.engine) as connection:
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["month"], set_=values)
        )


async def limit(ledger: Ledger, month: str) -> int | None:
    """The budget of `month` in nano-dollars, where somebody set one."""
    query = select(monthly_budget.c.limit_nano).where(monthly_budget.c.month == month)
    async with reading(ledger.engine) as connection:
        found = await connection.scalar(query)
    return None if found is None else int(found)
