"""`purser ledger` shows what calls cost, and corrects it with somebody's name and reason."""

from pathlib import Path

import orjson

from tests.app.conftest import Shop


async def test_entries_are_listed_by_what_is_asked(shop: Shop) -> None:
    async with shop.open() as purse:
        proxy = await purse.process()
        spring = (await proxy.spend(10_000, "Spring")).facts.hold_id
        autumn = (await proxy.spend(20_000, "autumn")).facts.hold_id
        await purse.outbox.drain()
    everything = shop.run("ledger", "list").stdout
    assert everything.index(autumn) < everything.index(spring), "the newest stands first"
    of_spring = shop.run("ledger", "list", "--campaign", "spring", "--agent", "content").stdout
    assert (spring in of_spring, autumn in of_spring, "0.40" in of_spring) == (True, False, True)
    assert len(shop.run("ledger", "list", "--limit", "1").stdout.splitlines()) == 2
    assert shop.run("ledger", "list", "--status", "voided").stdout == "No entry fits.\n"
    assert spring in shop.run("ledger", "list", "--since", "1h").stdout
    assert shop.run("ledger", "list", "--since", "2999-01-01").stdout == "No entry fits.\n"
    assert shop.run("ledger", "list", "--execution", "none").stdout == "No entry fits.\n"
    lines = shop.run("ledger", "list", "--json").stdout.splitlines()
    assert [orjson.loads(line)["charge_usd"] for line in lines] == ["0.80", "0.40"]


async def test_a_call_is_shown_by_its_hold_or_its_request(shop: Shop) -> None:
    async with shop.open() as purse:
        grant = await (await purse.process()).spend(10_000, "spring")
        await purse.outbox.drain()
    for name in (grant.facts.hold_id, grant.facts.request_id):
        shown = shop.run("ledger", "show", name)
        assert shown.exit_code == 0
        assert "spring" in shown.stdout
        assert "input_tokens 10000" in shown.stdout
    missing = shop.run("ledger", "show", "nothing")
    assert (missing.exit_code, "no call nothing" in missing.stderr) == (1, True)


async def test_a_correction_is_told_and_stands_in_the_ledger(shop: Shop) -> None:
    async with shop.open() as purse:
        grant = await (await purse.process()).spend(10_000, "spring")
        hold = grant.facts.hold_id
        options = ("--charge-usd", "0.05", "--reason", "never answered", "--by", "ann")
        done = await shop.run_beside("ledger", "correct", hold, *options)
        assert done.exit_code == 0
        assert "charged 0.05 USD instead of 0.40" in done.stdout
        assert (await shop.run_beside("reconcile")).exit_code == 0
        (line,) = await purse.ledger.audited()
        assert (line.act.who, line.act.place, line.act.reason) == ("ann", "cli", "never answered")
        again = await shop.run_beside("ledger", "correct", hold, *options)
        assert (again.exit_code, "costs that already" in again.stderr) == (1, True)
    shown = shop.run("ledger", "show", hold).stdout
    assert "never answered" in shown
    assert shown.splitlines()[-1].split() == ["in", "all", "0.05", "USD"]


def test_amounts_and_times_that_are_none_are_refused(shop: Shop) -> None:
    for amount in ("-1", "ten", "0.0000000001", "99999999"):
        result = shop.run("ledger", "correct", "x", "--charge-usd", amount, "--reason", "y")
        assert result.exit_code == 2, amount
    assert shop.run("ledger", "list", "--since", "yesterday").exit_code == 2
    assert shop.run("ledger", "list", "--status", "lost").exit_code == 2


def test_a_ledger_that_is_away_is_told_in_one_line(shop: Shop, dead_port: int) -> None:
    shop.write(database_url=f"postgresql://purser:hidden@127.0.0.1:{dead_port}/purser")
    result = shop.run("ledger", "list")
    assert result.exit_code == 1
    assert "the ledger's database cannot be reached" in result.stderr
    assert "hidden" not in result.output


def test_entries_are_read_while_redis_is_away(shop: Shop, dead_port: int, tmp_path: Path) -> None:
    shop.write(redis_url=f"redis://127.0.0.1:{dead_port}/0")
    assert shop.run("ledger", "list").stdout == "No entry fits.\n"
