"""`purser reconcile` finds what somebody did to a counter, and mends it."""

import orjson
from sqlalchemy import text

from storage.database import writing
from tests.app.conftest import Shop
from tests.budget.purse import Purse


async def tamper(purse: Purse, nano: int) -> None:
    """Take money out of the first counter behind everybody's back."""
    (rule, *_) = purse.rules
    keys = await purse.link.command("KEYS", f"{{purser}}:c:{rule.counter}:*")
    await purse.link.command("HINCRBY", keys[0], ":p", str(nano))


async def test_a_difference_is_named_and_repaired(shop: Shop) -> None:
    async with shop.open() as purse:
        proxy = await purse.process()
        await proxy.spend(10_000, "spring")
        clean = await shop.run_beside("reconcile")
        assert (clean.exit_code, "They agree" in clean.output) == (0, True)

        await tamper(purse, -250_000_000)
        found = await shop.run_beside("reconcile")
        assert found.exit_code == 1
        (line,) = [line for line in found.output.splitlines() if line.startswith("monthly")]
        assert line.split()[-4:] == ["posted", "0.15", "0.40", "0.25"]
        assert "--repair" in found.output

        told = await shop.run_beside("reconcile", "--json")
        body = orjson.loads(told.stdout)
        assert (told.exit_code, body["clean"], body["left"]) == (1, False, None)
        assert body["found"]["differences"][0]["off_nano"] == 250_000_000

        repaired = await shop.run_beside("reconcile", "--repair")
        assert (repaired.exit_code, "Repaired 1 of 1" in repaired.output) == (0, True)
        assert (await shop.run_beside("reconcile")).exit_code == 0


async def test_a_number_that_never_came_is_named_and_not_repaired(shop: Shop) -> None:
    async with shop.open() as purse:
        proxy = await purse.process()
        await proxy.spend(10)
        await purse.link.command("HINCRBY", "{purser}:meta", "seq", "1")
        await proxy.spend(10)
        found = await shop.run_beside("reconcile", "--repair")
        assert found.exit_code == 1
        assert "Numbers that the ledger does not have: 2" in found.output


def test_a_redis_that_was_not_rebuilt_says_what_to_do(shop: Shop) -> None:
    result = shop.run("reconcile")
    assert result.exit_code == 1
    assert "start `purser serve`" in result.stderr


async def test_a_wrong_rollup_is_named_and_built_anew(shop: Shop) -> None:
    async with shop.open() as purse:
        proxy = await purse.process()
        await proxy.spend(10_000, "spring")
        await purse.outbox.drain()
        async with writing(purse.ledger.engine) as connection:
            await connection.execute(
                text("UPDATE usage_sum SET calls = 7 WHERE facet = 'total' AND span = 'hour'")
            )
        found = await shop.run_beside("reconcile")
        assert found.exit_code == 1
        assert "is not what the ledger adds up to (total)" in found.output
        mended = await shop.run_beside("reconcile", "--repair")
        assert (mended.exit_code, "it was built anew" in mended.output) == (0, True)
        assert (await shop.run_beside("reconcile")).exit_code == 0
