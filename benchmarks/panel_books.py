"""A million believable ledger rows for the panel's benchmark: the same for the same seed."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from sqlalchemy import insert

from config.rates import AGENT_TYPES
from storage.database import writing
from storage.ledger import Ledger
from storage.records import LedgerEntry, Status, Usage
from storage.rollup_check import rebuild_rollups
from storage.rows import row_of
from storage.tables import billing_log

DAYS: Final = 90
DAY_MS: Final = 86_400_000
BATCH: Final = 5_000
MODELS: Final = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-5", "text-embedding-3-small")
CAMPAIGNS: Final = tuple(f"campaign-{number}" for number in range(40))
KEYS: Final = tuple(f"key-{number}" for number in range(12))
TASKS: Final = ("draft", "review", "classify", "plan")
STATUSES: Final = ("settled",) * 94 + ("failed",) * 2 + ("refused",) * 3 + ("assumed",)


async def fill(ledger: Ledger, count: int, now_ms: int) -> None:
    """Write `count` rows of the last 90 days, then build the rollup from them."""
    batch: list[dict[str, Any]] = []
    for row in rows(count, now_ms):
        batch.append(row)
        if len(batch) == BATCH:
            await write(ledger, batch)
            batch = []
    if batch:
        await write(ledger, batch)
    await rebuild_rollups(ledger)


async def write(ledger: Ledger, batch: list[dict[str, Any]]) -> None:
    """Insert rows in one transaction, and nothing else."""
    async with writing(ledger.engine) as connection:
        await connection.execute(insert(billing_log), batch)


def rows(count: int, now_ms: int) -> Iterator[dict[str, Any]]:
    """Rows in the order of their admission; few campaigns and keys have most of the calls."""
    chance = Random(1)
    plain = row_of(_plain())
    weights = [1 / (rank + 1) for rank in range(len(CAMPAIGNS))]
    campaigns = chance.choices(CAMPAIGNS, weights, k=997)
    keys = chance.choices(KEYS, [1 / (rank + 1) for rank in range(len(KEYS))], k=991)
    agents = chance.choices(AGENT_TYPES, k=983)
    start = now_ms - DAYS * DAY_MS
    for seq in range(1, count + 1):
        status = chance.choice(STATUSES)
        free = status == Status.REFUSED.value
        tokens = chance.randrange(100, 3_000)
        campaign = campaigns[seq % 997]
        yield plain | {
            "seq": seq,
            "hold_id": f"hold-{seq}",
            "request_id": f"request-{seq}",
            "status": status,
            "admitted_ms": start + DAYS * DAY_MS * (seq - 1) // count,
            "posted_ms": start + DAYS * DAY_MS * (seq - 1) // count + 900,
            # An execution is one agent's.
            "agent": agents[seq // 5 % 983],
            "campaign": campaign,
            "campaign_folded": campaign,
            "key": keys[seq % 991],
            "task": TASKS[seq % 4],
            "requested_model": MODELS[seq * 7 % 5],
            "execution_id": None if free else f"run-{seq // 5}",
            "input_tokens": 0 if free else tokens,
            "output_tokens": 0 if free else tokens // 3,
            "cached_tokens": 0 if free else tokens // 4,
            "charge_nano": 0 if free else tokens * 40,
            "provider_nano": 0 if free else tokens * 30,
            "dearer_nano": 0 if free else tokens * 40,
            "held_nano": 0 if free else tokens * 90,
            "rule": "monthly" if free else None,
            "reason": "budget_exceeded" if free else None,
            "latency_ms": 400 + tokens,
        }


def _plain() -> LedgerEntry:
    return LedgerEntry(
        hold_id="", entry=0, seq=1, status=Status.SETTLED, admitted_ms=0, posted_ms=0,
        request_id="", agent="", campaign="", task="", key="", endpoint="/v1/chat/completions",
        requested_model="", usage=Usage(), price_version="bench",
    )  # fmt: skip
