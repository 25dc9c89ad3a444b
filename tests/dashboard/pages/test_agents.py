"""Agents: the table is the ledger, filtered and sorted; a refresh sends what changed only."""

from pathlib import Path
from typing import Any

from dash import no_update

from dashboard import course, formats, live_cells
from dashboard.books import books
from dashboard.context import Context, current_session
from dashboard.narrow import scope_of
from dashboard.pages import agents as section
from dashboard.pages.agents import table
from dashboard.periods import period_of_view
from dashboard.services import Services
from dashboard.state import parse
from insights.agents import agents
from tests.budget.purse import Engines, monthly, usd
from tests.dashboard.pages.desk import ADMIN, open_desk, words
from tests.storage.entries import entry

NAMES = (
    "CONTENT", "SEO", "EMAIL", "SOCIAL", "SUPPORT", "AD", "OUTREACH", "TREND", "INSIGHT",
    "unattributed",
)  # fmt: skip


async def spent(services: Services, first: int = 1, **more: Any) -> None:
    now_ms = services.lifeline.now_ms()
    entries = [
        entry(first + i, admitted_ms=now_ms - 1000, agent=agent, dearer_nano=usd(str(i + 1)),
              charge_nano=usd(str(i + 1)), provider_nano=usd("0.5"), **more)
        for i, agent in enumerate(NAMES)
    ]  # fmt: skip
    assert await services.ledger.append(entries) == []


async def test_top_and_all_are_the_ledger_with_the_unattributed_apart(
    engines: Engines, tmp_path: Path
) -> None:
    current_session.set(ADMIN)
    async with open_desk(engines, tmp_path, monthly("100")) as (services, _purse, _process):
        await spent(services)
        now = books(services)
        view = parse("agents", "?period=7d&sort=agent")
        found = await agents(now, period_of_view(view, now.timezone, now.now_ms))
        shown, rest, lone = table.chosen(found, view)
        assert [row.agent for row in shown] == sorted(NAMES[1:9], key=lambda n: n.casefold())
        assert lone is not None
        assert (rest[0].agent, lone.spent_nano) == ("CONTENT", usd("10"))
        slots = table.slots(found, view)
        assert slots["total.spent"].sign == formats.money(usd("55"))
        one = parse("agents", "?agent=SEO&agent=EMAIL&show=all")
        assert {row.agent for row in table.chosen(found, one)[0]} == {"SEO", "EMAIL"}
        text = words(await section.layout(Context(services, ADMIN, parse("agents", "?open=seo"))))
        assert "Unattributed" in text
        assert "Last calls" in text


async def test_a_refresh_fills_only_what_changed(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, monthly("100")) as (services, _purse, _process):
        view = parse("agents", "?period=7d&show=all")
        await spent(services)
        now = books(services)
        period = period_of_view(view, now.timezone, now.now_ms)
        before = table.slots(await agents(now, period), view)
        kept = live_cells.signs(before)
        assert live_cells.refresh("agents", kept, before) is no_update
        more = entry(
            100,
            admitted_ms=now.now_ms - 1000,
            agent="SEO",
            charge_nano=usd("5"),
            dearer_nano=usd("5"),
        )
        assert await services.ledger.append([more]) == []
        after = table.slots(await agents(now, period), view)
        assert live_cells.same_rows(kept, after)
        assert after["SEO.spent"].sign == "$7.00"
        assert after["EMAIL.spent"].sign == before["EMAIL.spent"].sign
        assert not live_cells.same_rows({"EMAIL.spent": "$1"}, after)


async def test_the_course_sums_what_it_does_not_name(engines: Engines, tmp_path: Path) -> None:
    async with open_desk(engines, tmp_path, monthly("100")) as (services, _purse, _process):
        await spent(services)
        now = books(services)
        view = parse("agents", "?period=24h")
        period = period_of_view(view, now.timezone, now.now_ms)
        found = await course.course(now, period, "agent", scope_of(view))
        assert next(iter(found.series)) == "Unattributed"
        assert (len(found.series), found.others) == (7, 4)
        assert sum(sum(amounts) for amounts in found.series.values()) == usd("55")
        some = view.having("agent", ("SEO", "EMAIL"))
        by_model = await course.course(now, period, "model", scope_of(some))
        assert {name: sum(s) for name, s in by_model.series.items()} == {"gpt-5": usd("5")}
