"""The freeze binds at once, needs Redis alone, and its audit entry is never lost."""

import asyncio

import pytest

from storage.audit import Act
from storage.errors import LedgerUnavailable
from storage.freeze import restore, set_frozen, write_pending_audit
from storage.ledger import Ledger
from storage.presence import beat
from storage.redis_link import PREFIX
from tests.budget.purse import Engines, Purse, monthly, open_purse


async def frozen(purse: Purse) -> str:
    return (await beat(purse.link, "watcher", {})).frozen


async def test_a_freeze_is_said_once_and_audited(both_engines: Engines) -> None:
    async with open_purse(both_engines, monthly("1")) as purse:
        assert await set_frozen(purse.link, "ann", "cli", "runaway", frozen=True)
        assert not await set_frozen(purse.link, "bob", "panel", "me too", frozen=True)
        assert '"bob"' in await frozen(purse)
        assert await set_frozen(purse.link, "ann", "cli", "mended", frozen=False)
        assert await frozen(purse) == ""
        assert await write_pending_audit(purse.link, purse.ledger) == 3
        assert await write_pending_audit(purse.link, purse.ledger) == 0
        acts = [line.act for line in await purse.ledger.audited()]
        assert [(act.action, act.who, act.old, act.new) for act in reversed(acts)] == [
            ("freeze", "ann", "open", "frozen"),
            ("freeze", "bob", "frozen", "frozen"),
            ("thaw", "ann", "frozen", "open"),
        ]
        assert await purse.ledger.verify_audit() == []


async def test_audit_entries_wait_for_sql(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        await set_frozen(purse.link, "ann", "cli", "runaway", frozen=True)

        async def away(self: Ledger, act: Act) -> None:
            raise LedgerUnavailable("SQL is away")

        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "audit", away)
            assert await write_pending_audit(purse.link, purse.ledger) == 0
        assert await purse.link.command("LLEN", PREFIX + "audit") == 1
        moved = await asyncio.gather(
            *(write_pending_audit(purse.link, purse.ledger) for _ in range(2))
        )
        assert sum(moved) >= 1
        assert await purse.link.command("LLEN", PREFIX + "audit") == 0
        assert {line.act.who for line in await purse.ledger.audited()} == {"ann"}


async def test_what_the_log_says_is_frozen_is_frozen_again(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        await restore(purse.link, purse.ledger, "")
        assert await frozen(purse) == ""
        await set_frozen(purse.link, "ann", "cli", "runaway", frozen=True)
        await write_pending_audit(purse.link, purse.ledger)
        await purse.link.command("HSET", PREFIX + "meta", "frozen", "")
        await restore(purse.link, purse.ledger, "")
        assert '"runaway"' in await frozen(purse)
        assert len(await purse.ledger.audited()) == 1, "nobody did anything"


async def test_a_thaw_on_its_way_to_the_log_is_not_undone(engines: Engines) -> None:
    async with open_purse(engines, monthly("1")) as purse:
        await set_frozen(purse.link, "ann", "cli", "runaway", frozen=True)
        await write_pending_audit(purse.link, purse.ledger)
        await set_frozen(purse.link, "ann", "cli", "mended", frozen=False)
        await restore(purse.link, purse.ledger, "")
        assert await frozen(purse) == ""
