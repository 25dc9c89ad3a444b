"""The overview says what the ledger says, and a refresh brings only what has changed."""

from pathlib import Path
from typing import Any

import pytest
from dash.development.base_component import Component
from plotly.io.json import to_json_plotly
from sqlalchemy import func, select

from budget.overrides import Wanted
from config.rules import Rule
from dashboard import formats
from dashboard.books import books
from dashboard.components.overview import Campaign
from dashboard.context import Context, current_session
from dashboard.errors import Invalid
from dashboard.pages import overview
from dashboard.pages.overview import limits
from dashboard.pages.overview.look import Look, look, notices, parts
from dashboard.pages.overview.parts import BYTES_MAX, MARK, parts_of
from dashboard.pages.overview.undoing import undone
from dashboard.services import Services
from dashboard.snapshot import Snapshot
from dashboard.state import parse
from insights.rules import RuleRow, primary_row
from storage.database import reading
from storage.freeze import set_frozen
from storage.keys import By
from storage.ledger import Ledger
from storage.tables import billing_log
from tests.budget.purse import Engines, meanwhile, monthly, usd
from tests.dashboard.pages.desk import ADMIN, VIEWER, open_desk, words

TOKENS = 2_500_000
"""$100.00 at 40,000 nano-dollars each."""
BY = By("ada", "panel")


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    return Engines(valkey_url, sqlite_url)


def rule() -> Rule:
    return monthly("1000", slider_nano=(usd("100"), usd("5000")))


async def seen(services: Services, query: str = "") -> Snapshot[Look]:
    services.shared.drop()
    return await look(services, parse("overview", query))


async def ids(services: Services) -> set[str]:
    """What a page has to press and to type in."""
    made = await overview.layout(Context(services, current_session.get(), parse("overview", "")))
    found: set[str] = set()

    def walk(node: Any) -> None:
        for child in node if isinstance(node, list | tuple) else [node]:
            if isinstance(child, Component):
                if isinstance(getattr(child, "id", None), str):
                    found.add(child.id)
                walk(getattr(child, "children", None))

    walk(made)
    return found


async def test_each_card_says_what_the_ledger_says(engines: Engines, tmp_path: Path) -> None:
    current_session.set(ADMIN)
    async with open_desk(engines, tmp_path, rule()) as (services, purse, process):
        await process.spend(TOKENS, "holiday")
        await process.spend(1_234_567)
        await process.admit(250_000)
        await purse.outbox.drain()
        async with reading(purse.ledger.engine) as connection:
            total = await connection.scalar(select(func.sum(billing_log.c.charge_nano)))
        cards = {one.id: one for one in (await seen(services)).figures.shown.money}
        assert total == 149_382_680_000
        assert cards["overview-spent"].figure == formats.money(total) == "$149.38"
        assert cards["overview-held"].figure == "$10.00"
        assert cards["overview-held"].context.startswith("1 call · oldest")
        assert cards["overview-left"].figure == "$840.62"
        assert cards["overview-left"].context.startswith("of $1,000.00 · resets in ")
        assert cards["overview-projected"].context == "needs three full days to go by"
        page = words(await overview.layout(Context(services, ADMIN, parse("overview", ""))))
        for shown in ("$149.38", "on track", "Counts all calls admitted", "holiday", "Content"):
            assert shown in page
        assert f"{formats.compact(TOKENS + 1_234_567)}" in page
        both = "?campaign=Holiday&campaign=unattributed&group_by=campaign"
        for query, figure in ((both, "$149.38"), ("?campaign=holiday", "$100.00")):
            found = (await seen(services, query)).figures
            assert found.shown.money[1].figure == figure
            assert "filters narrow all other figures" in words(notices(await seen(services, query)))
        page = words(await overview.layout(Context(services, ADMIN, parse("overview", both))))
        for shown in ("Split by campaign", "Spend by day", "As a table", "holiday or unattributed"):
            assert shown.casefold() in page.casefold(), shown


async def test_a_refresh_brings_what_has_changed_and_nothing_else(
    engines: Engines, tmp_path: Path
) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, purse, process):
        await process.spend(TOKENS, "holiday")
        await purse.outbox.drain()
        first = parts(await seen(services))
        assert first.since(first.seen) == ([], first.seen)
        await process.spend(100_000, "holiday")
        await purse.outbox.drain()
        then = parts(await seen(services))
        changed, kept = then.since(first.seen)
        assert {"overview-spent-figure", "overview-left-figure"} <= {one.id for one in changed}
        assert "overview-savings-figure" not in {one.id for one in changed}
        size = len(to_json_plotly({one.id: one.props for one in changed}))
        assert size < BYTES_MAX + 200
        rounds = 0
        while kept != then.seen:
            _, kept = then.since(kept)
            rounds += 1
        assert rounds < 6
        everything, whole = then.since("something else")
        assert whole == then.seen
        assert {"overview-campaigns", "overview-agents"} <= {one.id for one in everything}


async def test_a_new_row_draws_its_panel_anew(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, purse, process):
        before = (await seen(services)).figures
        grown = parts_of(_with_campaign(before), "overview-notices", [], {})
        changed, _ = grown.since(before.parts.seen)
        assert "overview-campaigns" in {one.id for one in changed}
        assert len(grown.seen) % MARK == 0
        del purse, process


def _with_campaign(before: Look) -> Any:
    shown = before.shown
    campaign = Campaign("autumn", "active", usd("1"), None)
    return type(shown)(**{
        name: [campaign] if name == "campaigns" else getattr(shown, name)
        for name in shown.__slots__
    })  # fmt: skip


async def test_a_viewer_sees_the_budget_and_no_controls(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, _purse, _process):
        controls = {limits.IDS.slider, limits.IDS.number, limits.IDS.save, limits.IDS.undo,
                    limits.YES, "overview-freeze", "overview-freeze-yes"}  # fmt: skip
        current_session.set(VIEWER)
        assert not controls & await ids(services)
        current_session.set(ADMIN)
        assert controls - await ids(services) == set()


async def test_a_freeze_is_told_above_everything(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, purse, _process):
        await set_frozen(purse.link, "mara", "panel", "drill", frozen=True)
        found = await seen(services)
        assert "All spending is frozen by mara: drill" in words(notices(found))
        assert found.figures.shown.status == "frozen"


async def test_figures_stay_while_sql_is_away_and_say_so(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, purse, process):
        await process.spend(TOKENS)
        await purse.outbox.drain()
        before = await seen(services)
        stale = Snapshot(before.figures, before.made_s, "SQL does not answer")
        assert "SQL does not answer" in words(notices(stale))
        changed, _ = parts(stale).since(before.figures.parts.seen)
        assert [one.id for one in changed] == ["overview-notices"]


async def set_limit(services: Services, row: RuleRow, limit: str, at_ms: int | None) -> int:
    wanted = Wanted(row.rule, usd(limit), at_ms, "ada", "panel", "")
    return (await services.limits.set(wanted)).version


async def take_back(services: Services, ledger: Ledger) -> str:
    row = await primary_row(books(services))
    assert row is not None
    for wanted in await undone(ledger, row, BY, row.source.version):
        await services.limits.set(wanted)
    now = await primary_row(books(services))
    assert now is not None
    return formats.money(now.limit_nano)


async def test_undo_restores_what_bound_before(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, purse, _process):
        row = await primary_row(books(services))
        assert row is not None
        with pytest.raises(Invalid, match="nothing to undo"):
            await undone(purse.ledger, row, BY, 0)
        month = row.window.start_ms
        await set_limit(services, row, "400", month)
        assert await take_back(services, purse.ledger) == "$1,000.00"
        await set_limit(services, row, "600", month)
        await set_limit(services, row, "300", None)
        assert await take_back(services, purse.ledger) == "$600.00"
        await set_limit(services, row, "700", month)
        assert await take_back(services, purse.ledger) == "$600.00"


@pytest.mark.parametrize("given", [None, "", True, -1, 0, "1e9", "NaN", [], {"a": 1}])
def test_a_limit_is_any_amount_that_can_be_counted(given: Any) -> None:
    with pytest.raises(Invalid):
        limits.amount_of(given)
    assert limits.amount_of(0.01) == usd("0.01")
    assert limits.amount_of("2,500.50") == usd("2500.50")
    assert limits.amount_of(9_000_000) == usd("9000000")


async def test_many_looks_while_calls_are_made_never_go_back(
    engines: Engines, tmp_path: Path
) -> None:
    async with open_desk(engines, tmp_path, rule()) as (services, purse, process):
        levels: list[int] = []

        async def glimpse() -> None:
            levels.append((await seen(services)).figures.read.overview.spent.value)
            await purse.outbox.drain()

        async with meanwhile(glimpse):
            for _ in range(10):
                await process.spend(1_000)
        assert levels == sorted(levels)
