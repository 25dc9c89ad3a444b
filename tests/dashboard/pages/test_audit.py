"""The audit log reads as sentences, leads to what it changed, and its chain is followed."""

from pathlib import Path

import pytest

from dashboard.chain import Chain, Verified
from dashboard.context import Context
from dashboard.pages.audit.page import PAGE, chain_state
from dashboard.pages.audit.words import told
from dashboard.state import parse
from storage.audit import Act
from tests.budget.purse import Engines, monthly
from tests.dashboard.pages.desk import VIEWER, open_desk, words


@pytest.mark.parametrize(
    ("act", "old", "new", "href"),
    [
        (
            Act("override", "tom", "api", "monthly: no override", "monthly: 5.00 USD"),
            "no override", "5.00 USD", "/admin/budget/rules",
        ),
        (
            Act("correct", "tom", "api", "h1: 1 USD", "h1: 2 USD"),
            "1 USD", "2 USD", "/admin/budget/transactions?call=h1",
        ),
        (
            Act("key-revoke", "tom", "cli", '{"name":"a","prefix":"p","revoked_ms":null}',
                '{"name":"a","prefix":"p","revoked_ms":1000}'),
            "revoked: none", "revoked 1 Jan 1970, 00:00:01", "/admin/budget/keys",
        ),
        (Act("freeze", "tom", "cli", None, "{broken"), "", "{broken", "/admin/budget/"),
        (Act("login", "tom", "panel", None, "5f"), "", "", "/admin/budget/settings"),
        (Act("something.new", "tom", "cli"), "", "", ""),
    ],
)  # fmt: skip
def test_an_act_is_told(act: Act, old: str, new: str, href: str) -> None:
    found = told(act)
    assert (found.old, found.new, found.href) == (old, new, href)
    assert found.done


def test_the_chain_is_told_in_words() -> None:
    assert "verified up to #7" in words(chain_state(Verified(7, (), True, 5_000), 6_000))
    assert "#3 so far" in words(chain_state(Verified(3, (), False, None), 6_000))
    broken = chain_state(Verified(3, ("audit line 2 was changed",), True, 5_000), 6_000)
    assert "broken: audit line 2" in words(broken)


async def test_lines_come_by_page_and_by_filter(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, monthly("100")) as (services, _purse, _process):

        async def seen(query: str) -> str:
            return words(await PAGE.layout(Context(services, VIEWER, parse("audit", query))))

        assert "Nothing was changed yet" in await seen("")
        for number in range(60):
            who = "maria" if number % 2 else "tom"
            await services.ledger.audit(Act("freeze", who, "cli", None, None, f"why {number}."))
        first = await seen("")
        assert "why 59." in first
        assert "why 9." not in first
        older = await seen("before=11")
        assert "why 9." in older
        assert "why 11." not in older
        only = await seen("person=maria&text=why%205")
        assert "why 5." in only
        assert "why 50." not in only
        assert "No line fits" in await seen("action=thaw")
        assert "why 59." in await seen("before=nonsense")
        chain = Chain(services.ledger)
        assert (await chain.look()).seq == 60
        assert (await chain.look()).problems == ()
