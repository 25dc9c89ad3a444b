"""`purser reconcile --reprice` prices what stands in the ledger anew, and changes nothing."""

from dataclasses import replace
from pathlib import Path

import orjson

from config.settings import load
from storage.ledger import Ledger
from storage.records import Usage
from tests.app.conftest import Shop
from tests.storage.entries import entry


async def fill(shop: Shop) -> None:
    """Two calls of 100 tokens at 2,500 nano-dollars each; the second is wrong by one."""
    version = load(shop.config, {}).models.version
    row = entry(1, requested_model="gpt-4o", usage=Usage(100), price_version=version)
    rows = [
        replace(row, provider_nano=250_000),
        replace(row, hold_id="hold-2", seq=2, provider_nano=250_001),
    ]
    ledger = await Ledger.open(shop.engines.database_url)
    try:
        assert await ledger.append(rows) == []
    finally:
        await ledger.close()


async def test_rows_are_proven_and_what_does_not_add_up_is_named(shop: Shop) -> None:
    await fill(shop)
    shown = shop.run("reconcile", "--reprice")
    assert shown.exit_code == 0
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "gpt-4o 2 0.000500001 0.0005 -0.000000001" in lines
    assert "1 rows do NOT give the recorded amount again:" in lines
    assert "hold-2 0 gpt-4o 0.000250001 0.00025" in lines


async def test_another_table_is_put_to_it(shop: Shop, tmp_path: Path) -> None:
    await fill(shop)
    other = tmp_path / "other.yaml"
    other.write_text("prices: {overrides: {gpt-4o: {input_usd_per_1m: 5}}}\n")
    shown = shop.run("reconcile", "--reprice", "--against", str(other), "--json")
    told = orjson.loads(shown.stdout)
    assert (told["total"]["repriced_nano"], told["proven"]) == (1_000_000, 1)
    assert told["models"][0]["difference_nano"] == 499_999
    assert told["inconsistent"][0]["seq"] == 2
    known = shop.run("reconcile", "--reprice", "--against", "genai-prices", "--json")
    assert orjson.loads(known.stdout)["total"]["repriced_nano"] == 500_000


async def test_a_part_of_the_time_is_repriced(shop: Shop) -> None:
    await fill(shop)
    shown = shop.run("reconcile", "--reprice", "--since", "2999-01-01")
    assert "No entry fits." in shown.stdout
    until = shop.run("reconcile", "--reprice", "--until", "2999-01-01", "--json")
    assert orjson.loads(until.stdout)["total"]["rows"] == 2


def test_options_that_do_not_go_together_are_refused(shop: Shop) -> None:
    assert shop.run("reconcile", "--since", "1h").exit_code == 2
    assert shop.run("reconcile", "--reprice", "--repair").exit_code == 2


def test_it_needs_the_database_alone(shop: Shop, dead_port: int) -> None:
    shop.write(redis_url=f"redis://127.0.0.1:{dead_port}/0")
    assert "No entry fits." in shop.run("reconcile", "--reprice").stdout
