"""Every section's figures are plain sums over the ledger."""

from collections import defaultdict
from dataclasses import replace

from config.money import usd_to_nano
from config.rules import fold
from insights.agents import agent_detail, agents
from insights.burnup import burnup
from insights.campaigns import campaign_detail, campaigns
from insights.overview import overview
from insights.period import period_of
from insights.rules import rules
from insights.spend import spent_by_bucket
from storage import campaigns as campaign_rows
from storage import queries
from storage.audit import Act
from storage.records import Status
from storage.usage import Scope
from tests.insights.conftest import Shelf


def charged(entries) -> int:
    return sum(one.charge_nano for one in entries)


async def test_the_cards_are_sums_of_the_ledger(shelf: Shelf) -> None:
    found = await overview(shelf.books, shelf.month())
    assert found.budget is not None
    assert found.spent.value == found.budget.spent_nano == charged(shelf.entries)
    assert sum(found.spent.series) == found.spent.value
    assert len(found.spent.series) == 31
    refused = [one for one in shelf.entries if one.status is Status.REFUSED]
    assert found.refused.value == sum(one.count for one in refused)
    assert found.tokens.value == sum(one.usage.total_tokens for one in shelf.entries)
    assert found.spent.before == 0
    assert found.spent.change_mille is None
    assert found.budget.limit_nano == usd_to_nano("1000")
    assert found.budget.limit_from == "file"
    assert found.projection is not None
    assert found.projection.low_nano <= found.projection.expected_nano
    assert "all calls" in found.counts_sentence
    seo = await overview(shelf.books, shelf.month(), Scope(agent="SEO"))
    assert seo.spent.value == charged([one for one in shelf.entries if one.agent == "SEO"])
    assert "agent SEO" in seo.counts_sentence


async def test_agents_and_their_parts_add_up(shelf: Shelf) -> None:
    found = await agents(shelf.books, shelf.month())
    of = defaultdict(list)
    for one in shelf.entries:
        of[one.agent].append(one)
    assert {row.agent: row.spent_nano for row in found.rows if row.use.entries} == {
        agent: charged(some) for agent, some in of.items()
    }
    assert found.total_nano == charged(shelf.entries)
    assert len(found.rows) == 15, "all types of the rate card, and unattributed"
    detail = await agent_detail(shelf.books, shelf.month(), "SEO")
    for parts in (detail.models, detail.endpoints, detail.campaigns):
        assert sum(part.spent_nano for part in parts) == detail.row.spent_nano
    assert [limit.rule.name for limit in detail.limits] == ["seo-daily"]
    assert detail.last_calls[0].agent == "SEO"
    assert (await agent_detail(shelf.books, shelf.month(), "TREND")).row.spent_nano == 0


async def test_campaigns_fold_case_and_know_their_return(shelf: Shelf) -> None:
    act = Act("campaign_revenue", "tom", "panel")
    total = charged([one for one in shelf.entries if fold(one.campaign) == "holiday"])
    await campaign_rows.change(
        shelf.books.ledger, "Holiday", act, revenue_nano=2 * total, status="paused"
    )
    found = {row.campaign: row for row in (await campaigns(shelf.books, shelf.month())).rows}
    assert found["holiday"].spent_nano == found["holiday"].total_nano == total
    assert found["holiday"].budget_spent_nano == total
    assert (found["holiday"].roi_mille, found["holiday"].status) == (1000, "paused")
    assert found["strasse"].roi_mille is None
    assert found["strasse"].budget_nano == usd_to_nano("250")
    detail = await campaign_detail(shelf.books, shelf.month(), "STRASSE")
    assert sum(part.spent_nano for part in detail.agents) == detail.row.spent_nano


async def test_the_burn_up_ends_at_what_was_spent(shelf: Shelf) -> None:
    found = await burnup(shelf.books)
    assert found is not None
    assert found.points[0].cumulative_nano == 0
    assert found.points[-1].cumulative_nano == charged(shelf.entries)
    assert found.points[-1].at_ms == shelf.books.now_ms
    assert [step.limit_nano for step in found.steps] == [usd_to_nano("1000")]
    assert found.pace[-1] == (found.window.end_ms, usd_to_nano("1000"))
    assert found.forecast[0].expected_nano == found.points[-1].cumulative_nano
    assert found.forecast[-1].at_ms == found.window.end_ms


async def test_a_rule_is_told_with_the_line_of_its_file(shelf: Shelf) -> None:
    found = await rules(shelf.books)
    monthly, seo = found[0], found[-1]
    assert (monthly.source.kind, monthly.source.line) == ("file", 4)
    assert (seo.rule.name, seo.locked) == ("seo-daily", True)
    assert monthly.live


async def test_without_redis_the_ledger_tells_what_was_spent(shelf: Shelf) -> None:
    await shelf.purse.link.close()
    found = await overview(shelf.books, shelf.month())
    assert found.in_flight.calls is None
    assert found.budget is not None
    assert found.budget.posted_nano is None
    monthly = (await rules(shelf.books))[0]
    assert (monthly.live, monthly.posted_nano) == (False, charged(shelf.entries))


async def test_spend_of_a_rule_is_that_of_the_plain_query(shelf: Shelf) -> None:
    period = period_of("last_30d", "Asia/Kathmandu", shelf.books.now_ms)
    for rule in (*shelf.books.loaded.rules, replace(shelf.books.loaded.rules[0], match={})):
        found = await spent_by_bucket(shelf.books.ledger, rule, period.buckets)
        plain = await queries.spend_by_bucket(
            shelf.books.ledger, rule, period.start_ms, period.end_ms
        )
        assert sum(found) == sum(plain.values())
