"""Five hundred calls at once against three overlapping rules: upstream, counters, ledger agree."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from config.money import usd_to_nano
from tests.harness import Deployment, SandboxProcess
from tests.waiting import wait_for

CALLS = 500
OUTPUT_TOKENS = 40
RATES_NANO = {"CONTENT": 40_000, "SEO": 30_000, "unattributed": 70_000}
"""A token of each agent type, nano-dollars: the default rate card."""
RULES: list[dict[str, Any]] = [
    {"name": "monthly", "limit_usd": "0.45", "window": "month"},
    {"name": "per-campaign", "each": "campaign", "limit_usd": "0.12", "window": "day"},
    {"name": "content-hourly", "match": {"agent": "CONTENT"}, "limit_usd": "0.2", "window": "hour"},
]


def body(number: int) -> dict[str, Any]:
    """Every other call is a stream, every third of those asks for usage itself."""
    call: dict[str, Any] = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": f"Write line {number} of a poem."}],
        "max_tokens": OUTPUT_TOKENS,
    }
    if number % 2:
        call["stream"] = True
        if number % 3 == 0:
            call["stream_options"] = {"include_usage": True}
    return call


def headers(number: int) -> dict[str, str]:
    """Agents and campaigns that overlap in every way."""
    agent = ("CONTENT", "SEO")[number % 2]
    named = {"X-Agent-Type": agent, "X-Campaign-Id": f"campaign-{number % 5}"}
    return named if number % 7 else {}


async def all_at_once(url: str) -> Counter[int]:
    """Send every call at the same time; how many answers of each status."""
    statuses: Counter[int] = Counter()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(number: int) -> None:
            async with session.post(
                f"{url}/v1/chat/completions", json=body(number), headers=headers(number)
            ) as answer:
                await answer.read()
                statuses[answer.status] += 1

        await asyncio.gather(*(one(number) for number in range(CALLS)))
    return statuses


def tokens(row: dict[str, Any]) -> int:
    """Input and output of one ledger entry."""
    return int(row["usage"]["input_tokens"] + row["usage"].get("output_tokens", 0))


def test_five_hundred_calls_at_once(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, event_delay_ms=2) as sandbox:
        deployment = Deployment(tmp_path, {"budgets": {"rules": RULES}}, upstream=sandbox.url)
        with deployment.start("serve", measured=False) as purser:
            statuses = asyncio.run(all_at_once(purser.url))
            assert set(statuses) == {200, 429}, statuses
            account = httpx.get(f"{sandbox.url}/sandbox/account", timeout=60).json()
            assert account["requests"] == statuses[200], "a refused call never left"
            wait_for(lambda: settled(deployment) == statuses[200], "the ledger")
            rows = listed(deployment)
            assert sum(tokens(row) for row in rows) == account["total_tokens"]
            assert sum(row["provider_nano"] for row in rows) == account["provider_nano"]
            check_limits(rows)
            reconciled = deployment.cli("reconcile")
            assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr


def settled(deployment: Deployment) -> int:
    """How many settled rows there are, asked past Purser: a command for each look is slow."""
    books = f"file:{deployment.data_dir / 'purser.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(books, uri=True)) as ledger:
        query = "SELECT COUNT(*) FROM billing_log WHERE status = 'settled'"
        return int(ledger.execute(query).fetchone()[0])


def listed(deployment: Deployment) -> list[dict[str, Any]]:
    """All settled rows, as an operator gets them."""
    done = deployment.cli("ledger", "list", "--json", "--limit", "2000")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [row for row in rows if row["status"] == "settled"]


def check_limits(rows: list[dict[str, Any]]) -> None:
    """What was billed fits every limit, and each row is charged by the rate card exactly."""
    campaigns: Counter[str] = Counter()
    agents: Counter[str] = Counter()
    for row in rows:
        assert row["charge_nano"] == tokens(row) * RATES_NANO[row["agent"]]
        assert row["charge_nano"] <= row["held_nano"]
        campaigns[row["campaign"]] += row["charge_nano"]
        agents[row["agent"]] += row["charge_nano"]
    monthly, per_campaign, content = (usd_to_nano(Decimal(rule["limit_usd"])) for rule in RULES)
    assert sum(agents.values()) <= monthly
    assert max(campaigns.values()) <= per_campaign
    assert agents["CONTENT"] <= content
