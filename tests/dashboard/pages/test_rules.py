"""Rules: what binds, where it comes from, values that have not spent yet, and what is refused."""

from pathlib import Path

import pytest
from dash.exceptions import PreventUpdate

from budget.overrides import Wanted
from config.rules import Dimension
from dashboard.books import books
from dashboard.context import Context, current_session
from dashboard.limit_change import known
from dashboard.pages import rules as section
from dashboard.rule_rows import history, row_named
from dashboard.state import parse
from tests.budget.purse import Engines, monthly
from tests.dashboard.pages.desk import ADMIN, open_desk, words

TOKENS = 250_000
"""$10.00 at 40,000 nano-dollars each."""


async def test_every_rule_and_value_is_shown_with_its_limit(
    engines: Engines, tmp_path: Path
) -> None:
    current_session.set(ADMIN)
    rules = (
        monthly("1000"),
        monthly("150", "per-campaign", each=(Dimension.CAMPAIGN,)),
        monthly("500", "cap", match={Dimension.AGENT: "content"}, locked=True),
    )
    async with open_desk(engines, tmp_path, *rules) as (services, purse, process):
        await process.spend(TOKENS, "Holiday")
        await purse.outbox.drain()
        now = books(services)
        fresh = await row_named(now, "per-campaign/Not yet")
        assert fresh is not None
        assert (fresh.posted_nano, fresh.source.version) == (0, 0)
        value = ((Dimension.CAMPAIGN, "Holiday"),)
        await services.limits.set(
            Wanted(rules[1], 20_000_000_000, None, "ada", "panel", "less", value, 0)
        )
        holiday = await row_named(books(services), "per-campaign/holiday")
        assert holiday is not None
        assert (holiday.limit_nano, holiday.source.version) == (20_000_000_000, 1)
        assert [made.why for made in await history(now, holiday)] == ["less"]
        assert await row_named(now, "nothing") is None
        text = words(await section.layout(Context(services, ADMIN, parse("rules", ""))))
        for said in ("$10.00 of $20.00", "every campaign on its own", "override by", "locked"):
            assert said in " ".join(text.split()), said
        opened = parse("rules", "?open=cap")
        told = words(await section.layout(Context(services, ADMIN, opened)))
        assert "Ops locked this budget" in told
        assert "Set limit" not in told
        narrowed = parse("rules", "?campaign=Other")
        assert "of $20.00" not in words(await section.layout(Context(services, ADMIN, narrowed)))


@pytest.mark.parametrize(
    "about", [None, 5, {}, {"name": "x"}, {"name": "x", "version": "1"}, {"name": "", "version": 1}]
)
def test_a_form_that_nobody_was_shown_changes_nothing(about: object) -> None:
    with pytest.raises(PreventUpdate):
        known(about)
