"""The manual script posts once, or says why not; the levels script writes nothing."""

import uuid
from collections.abc import AsyncIterator

import pytest

from budget.rulebook import Rulebook
from storage import generations
from storage.holds import Refusal, StaleRules
from storage.levels import Levels, read_levels
from storage.manual import ManualCost, Recorded, RecordedBefore, record
from storage.records import Amounts, Caller, CallFacts
from tests.budget.purse import Engines, Purse, monthly, open_purse, usd


@pytest.fixture
async def purse(valkey_url: str, sqlite_url: str) -> AsyncIterator[Purse]:
    async with open_purse(Engines(valkey_url, sqlite_url), monthly("1")) as purse:
        yield purse


def cost(amount: int, *, enforce: bool = False) -> ManualCost:
    name = f"manual-{uuid.uuid4().hex}"
    facts = CallFacts(name, name, Caller("SEO"), "manual", "")
    return ManualCost(facts, "d", 10, Amounts(amount, amount), enforce, False, "test", 1 << 20)


async def test_it_posts_once_and_says_what_is_over(purse: Purse) -> None:
    process = await purse.process()
    generation = await generations.load(purse.link)
    assert generation is not None
    book = Rulebook(generation)
    book.turn(process.lifeline.now_ms())
    told = cost(usd("1.5"))
    checks = book.checks(told.facts)

    def ask(one: ManualCost, number: str = generation.number):
        return record(process.holds, one, checks, number)

    assert isinstance(await ask(told, "99"), StaleRules)
    assert isinstance(await ask(cost(usd("1.5"), enforce=True)), Refusal)
    first = await ask(told)
    assert isinstance(first, Recorded)
    assert (first.over, first.remaining_nano) == (("monthly",), -usd("0.5"))
    again = await ask(told)
    assert again == RecordedBefore(
        "d", Amounts(usd("1.5"), usd("1.5")), first.admitted_ms, ("monthly",)
    )
    before = await purse.link.command("DBSIZE")
    levels = await read_levels(process.holds, told.facts, Amounts(1, 1), checks, generation.number)
    assert isinstance(levels, Levels)
    assert (levels.reason, levels.refused_by) == ("budget_exceeded", "monthly")
    assert [level.remaining_nano for level in levels.levels] == [-usd("0.5")]
    assert await purse.link.command("DBSIZE") == before
    assert (await purse.reconcile()).clean
