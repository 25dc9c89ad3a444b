"""A proxy that is killed between the making of a batch upstream and its answer loses no money."""

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.harness import Deployment
from tests.proxy.late_stand import TOKEN_NANO, Provider, jsonl, line, output
from tests.proxy.upstreams import upstream
from tests.waiting import wait_for

ASKED = {
    "input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h",
}  # fmt: skip
CONFIG = "budgets: {rules: [{name: monthly, limit_usd: 100, window: month}]}"


def _ask(url: str) -> None:
    try:
        httpx.post(f"{url}/v1/batches", json=ASKED, headers={"X-Agent-Type": "CONTENT"}, timeout=60)
    except httpx.TransportError:
        return


def _kill_half_way(deployment: Deployment, provider: Provider) -> list[dict[str, Any]]:
    """The ledger's rows after the batch was found and settled."""
    janitor = deployment.process("janitor", measured=False)
    with janitor, deployment.start("proxy", measured=False) as proxy:
        asking = threading.Thread(target=_ask, args=(proxy.url,))
        asking.start()
        wait_for(lambda: provider.batches, "the batch to be made")
        proxy.kill()
        asking.join(timeout=60)
        provider.end_batch("batch_1", output(1))

        # Asked past Purser: a command for each look would be slow.
        books = f"file:{deployment.data_dir / 'purser.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(books, uri=True)) as ledger:
            count = "SELECT COUNT(*) FROM billing_log"
            wait_for(lambda: ledger.execute(count).fetchone() == (2,), "the truth about the batch")
        with deployment.start("proxy", measured=False):
            compared = deployment.cli("reconcile")
            assert compared.returncode == 0, compared.stdout
        told = deployment.cli("ledger", "list", "--json").stdout.splitlines()
        return sorted(map(json.loads, told), key=lambda row: int(row["seq"]))


async def test_an_orphaned_batch_is_found_by_its_hold_id_and_settled_once(tmp_path: Path) -> None:
    provider = Provider(files={"file-in": jsonl(line(1))}, hang=True)
    async with upstream(provider.script) as far:
        deployment = Deployment(tmp_path, CONFIG, upstream=far.url.removesuffix("/v1"))
        first, truth = await asyncio.to_thread(_kill_half_way, deployment, provider)
    assert (first["status"], truth["status"]) == ("assumed", "correction")
    assert provider.batches["batch_1"]["metadata"]["purser_hold"] == first["hold_id"]
    assert truth["hold_id"] == first["hold_id"]
    assert int(first["charge_nano"]) + int(truth["charge_nano"]) == 30 * TOKEN_NANO
