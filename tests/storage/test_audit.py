"""Every line of the audit log is bound to the one before it, whoever writes at once."""

import asyncio

import pytest
from sqlalchemy import text

from storage.audit import GENESIS, Act, AuditSearch, Link, checked, following_lines
from storage.database import make_engine, writing
from storage.ledger import Ledger

FREEZE = Act("freeze", "admin", "cli", None, '{"frozen":true}', "spend runs away — halt")


async def tampered(url, statement):
    """Carry `statement` out as someone would who may drop the database's own protection."""
    engine = make_engine(url)
    async with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        else:
            await connection.execute(text("DROP TRIGGER audit_log_no_update"))
            await connection.execute(text("DROP TRIGGER audit_log_no_delete"))
        await connection.execute(text(statement))
    await engine.dispose()


async def test_what_was_done_comes_back_newest_first(ledger):
    first = await ledger.audit(FREEZE)
    second = await ledger.audit(Act("thaw", "admin", "panel"))
    assert first.act == FREEZE
    assert second.prev_hash == first.hash
    assert await ledger.audited() == [second, first]
    assert await ledger.audited(limit=1) == [second]
    assert await ledger.verify_audit() == []


async def test_writers_at_once_make_one_chain(ledger, database_url):
    other = await Ledger.open(database_url)
    acts = [Act("correct", f"admin-{n}", "api") for n in range(20)]
    await asyncio.gather(*((ledger, other)[n % 2].audit(act) for n, act in enumerate(acts)))
    lines = await ledger.audited()
    assert [line.seq for line in lines] == list(range(20, 0, -1))
    assert {line.act for line in lines} == set(acts)
    assert await ledger.verify_audit() == []
    await other.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_log SET who = 'nobody' WHERE seq = 2", "audit line 2 was changed"),
        ("UPDATE audit_log SET new = NULL WHERE seq = 1", "audit line 1 was changed"),
        ("UPDATE audit_log SET at_ms = at_ms + 1 WHERE seq = 3", "audit line 3 was changed"),
        ("DELETE FROM audit_log WHERE seq = 2", "audit lines 2 to 2 are gone"),
        ("DELETE FROM audit_log WHERE seq = 1", "audit lines 1 to 1 are gone"),
    ],
)
async def test_a_changed_chain_is_seen(ledger, database_url, statement, problem):
    for _ in range(3):
        await ledger.audit(FREEZE)
    await tampered(database_url, statement)
    assert (await ledger.verify_audit())[0].startswith(problem)


async def test_a_chain_is_followed_in_pieces(ledger, database_url):
    for _ in range(5):
        await ledger.audit(FREEZE)
    at = Link(0, GENESIS)
    for ends in (2, 4, 5, 5):
        problems, at = checked(await following_lines(ledger.engine, at.seq, 2), at)
        assert (problems, at.seq) == ([], ends)
    await tampered(database_url, "UPDATE audit_log SET who = 'nobody' WHERE seq = 4")
    first, at = checked(await following_lines(ledger.engine, 0, 3), Link(0, GENESIS))
    assert first == []
    problems, _ = checked(await following_lines(ledger.engine, at.seq, 3), at)
    assert problems == ["audit line 4 was changed after it was written"]


async def test_lines_are_found_by_any_of_several(ledger):
    for who in ("tom", "maria", "ada"):
        await ledger.audit(Act("thaw", who, "api"))
    found = await ledger.audit_lines(AuditSearch(who=("tom", "ada"), action="thaw"), 5)
    assert [line.act.who for line in found] == ["ada", "tom"]
