"""`purser freeze` binds every proxy at once, also while SQL is down, and says whom it binds."""

from pathlib import Path

import pytest

from budget.errors import Refused
from config.sections import EMBEDDED
from storage.freeze import write_pending_audit
from tests.app.conftest import Shop


async def test_a_freeze_refuses_the_next_call_and_a_thaw_lets_it_pass(shop: Shop) -> None:
    async with shop.open() as purse:
        proxy = await purse.process()
        frozen = await shop.run_beside("freeze", "--reason", "runaway  agent", "--by", "ann")
        assert frozen.exit_code == 0
        assert "Frozen: every metered call is refused" in frozen.output
        assert "It binds the proxy that runs here" in frozen.output
        with pytest.raises(Refused) as refused:
            await proxy.admit(1)
        assert refused.value.reason == "frozen"
        again = await shop.run_beside("freeze", "--reason", "still running")
        assert (again.exit_code, "frozen already" in again.output) == (0, True)
        thawed = await shop.run_beside("thaw", "--by", "bob")
        assert (thawed.exit_code, "Thawed" in thawed.output) == (0, True)
        await proxy.admit(1)
        assert "It was not frozen" in (await shop.run_beside("thaw")).output
        await write_pending_audit(purse.link, purse.ledger)
        lines = [
            (line.act.action, line.act.who, line.act.reason)
            for line in await purse.ledger.audited()
        ]
        assert ("freeze", "ann", "runaway agent") in lines
        assert ("thaw", "bob", "") in lines


async def test_a_freeze_works_while_sql_is_down(shop: Shop, dead_port: int) -> None:
    async with shop.open() as purse:
        proxy = await purse.process()
        shop.write(database_url=f"postgresql://purser@127.0.0.1:{dead_port}/purser")
        assert (await shop.run_beside("freeze", "--reason", "x")).exit_code == 0
        with pytest.raises(Refused):
            await proxy.admit(1)
        await shop.run_beside("thaw")


def test_a_redis_that_cannot_be_reached_is_named_without_its_password(
    shop: Shop, dead_port: int
) -> None:
    shop.write(redis_url=f"redis://purser:hidden@127.0.0.1:{dead_port}/0")
    result = shop.run("freeze", "--reason", "x")
    assert result.exit_code == 1
    assert f"127.0.0.1:{dead_port}" in result.stderr
    assert "hidden" not in result.output
    assert len(result.stderr.splitlines()) == 1


def test_without_a_key_a_freeze_beside_real_books_asks_which_are_meant(
    shop: Shop, tmp_path: Path
) -> None:
    """In another shell than the one that serves, it would stop nothing and say that it had."""
    (tmp_path / "data" / "valkey").mkdir(parents=True)
    shop.write(redis_url=EMBEDDED)
    result = shop.run("freeze", "--reason", "x")
    assert result.exit_code == 2
    assert "set OPENAI_API_KEY" in result.stderr
    assert "--sandbox" in result.stderr
    given = shop.run("freeze", "--reason", "x", "--sandbox", env={"OPENAI_API_KEY": "sk-x"})
    assert (given.exit_code, "the real books would be meant" in given.stderr) == (2, True)


def test_a_reason_is_needed(shop: Shop) -> None:
    assert shop.run("freeze").exit_code == 2
    assert shop.run("freeze", "--reason", "  ").exit_code == 2
