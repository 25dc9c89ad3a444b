"""Procedures about what was spent: by hand, by agents, by campaigns."""

import orjson

from api.context import Context
from api.fields import iso, usd
from api.inputs import AgentCostIn, AgentCostsIn, CampaignSpendIn, NothingIn
from api.outputs import AgentCost, AgentCosts, AgentSpend, Budget, CampaignSpend, Rates, Spend
from api.periods import interval_of
from budget.check import facts_of, would_refuse
from budget.errors import NoSuchRule
from budget.manual import Told
from budget.overrides import campaign_rule
from config.money import nano_to_usd
from config.rates import AGENT_TYPES
from config.rules import UNATTRIBUTED
from storage import campaigns, queries
from storage.holds import NO_WINDOW_END_MS, Interval
from storage.levels import Level
from storage.queries import Costs, Filter


async def log_agent_cost(ctx: Context, given: AgentCostIn) -> AgentCost:
    """Record a cost by hand."""
    metadata = None if given.metadata is None else orjson.dumps(given.metadata).decode()
    told = Told(
        given.agent_type,
        given.campaign_id or UNATTRIBUTED,
        given.tokens,
        given.task or UNATTRIBUTED,
        given.execution_id,
        metadata,
    )
    done = await ctx.services.manual.record(
        told, ctx.actor.name, ctx.idempotency_key,
        enforce=given.enforce, additional=given.additional,
    )  # fmt: skip
    return AgentCost(
        hold_id=done.hold_id,
        agent=told.agent,
        campaign=told.campaign,
        tokens=told.tokens,
        charge_usd=usd(done.charge_nano),
        recorded_at=iso(done.admitted_ms),
        over_budget=done.over_budget,
        over=list(done.over),
        remaining_usd=None if done.remaining_nano is None else usd(done.remaining_nano),
        replayed=done.replayed,
    )


async def get_agent_costs(ctx: Context, given: AgentCostsIn) -> AgentCosts:
    """What each agent type spent."""
    interval = interval_of(given, zone(ctx), ctx.services.lifeline.now_ms())
    found = await _by_agent(ctx, interval, given.campaign)
    missing = {*AGENT_TYPES, UNATTRIBUTED} - {costs.name for costs in found}
    found += [Costs(name) for name in sorted(missing)]
    return AgentCosts(
        since=iso(interval.start_ms),
        until=iso(interval.end_ms),
        campaign=given.campaign,
        total=_total(found),
        agents=[_agent(costs) for costs in found],
    )


async def get_campaign_spend(ctx: Context, given: CampaignSpendIn) -> CampaignSpend:
    """What a campaign spent, may spend, and brought in."""
    ledger, name = ctx.services.ledger, given.campaign_id
    interval = interval_of(given, zone(ctx), ctx.services.lifeline.now_ms())
    found = await _by_agent(ctx, interval, name)
    known = await campaigns.find(ledger, name)
    total_nano = await queries.campaign_total(ledger, name)
    revenue, share = known.revenue_nano, None
    if revenue is not None and total_nano > 0:
        share = round((revenue - total_nano) / total_nano, 4)
    return CampaignSpend(
        campaign=name,
        status=known.status,
        since=iso(interval.start_ms),
        until=iso(interval.end_ms),
        total=_total(found),
        agents=[_agent(costs) for costs in found],
        all_months_usd=usd(total_nano),
        budget=await campaign_budget(ctx, name),
        revenue_usd=None if revenue is None else usd(revenue),
        return_on_spend=share,
    )


async def get_rates(ctx: Context, _given: NothingIn) -> Rates:
    """The rate card in force."""
    loaded = ctx.services.current()
    names = (*AGENT_TYPES, UNATTRIBUTED)
    return Rates(
        basis=loaded.settings.charging.basis,
        usd_per_1k_tokens={
            name: nano_to_usd(loaded.rates.rate(name)).scaleb(-3).normalize() for name in names
        },
    )


async def campaign_budget(ctx: Context, name: str) -> Budget | None:
    """The budget of its own that a campaign has now, None where no rule gives it one."""
    lifeline = ctx.services.lifeline
    book = await lifeline.current_rulebook()
    try:
        rule = campaign_rule(book.rules)
    except NoSuchRule:
        return None
    facts = facts_of(UNATTRIBUTED, name, UNATTRIBUTED, UNATTRIBUTED, "")
    levels = await would_refuse(lifeline, facts, 0)
    return next((budget(level) for level in levels.levels if level.rule == rule.name), None)


def budget(level: Level) -> Budget:
    """A budget to answer."""
    ends = level.window.end_ms
    return Budget(
        rule=level.rule,
        limit_usd=usd(level.limit_nano),
        spent_usd=usd(level.posted_nano),
        held_usd=usd(level.held_nano),
        remaining_usd=usd(level.remaining_nano),
        resets_at=None if ends >= NO_WINDOW_END_MS else iso(ends),
    )


def zone(ctx: Context) -> str:
    """The time zone of budgets."""
    return ctx.services.current().settings.budgets.timezone


async def _by_agent(ctx: Context, interval: Interval, campaign: str | None) -> list[Costs]:
    wanted = Filter(interval.start_ms, interval.end_ms, campaign=campaign)
    return await queries.costs_by_agent(ctx.services.ledger, wanted)


def _total(found: list[Costs]) -> Spend:
    return Spend(
        charge_usd=usd(sum(costs.charge_nano for costs in found)),
        provider_usd=usd(sum(costs.provider_nano for costs in found)),
        calls=sum(costs.calls for costs in found),
        manual=sum(costs.manual for costs in found),
        refused=sum(costs.refused for costs in found),
        tokens=sum(costs.tokens for costs in found),
    )


def _agent(costs: Costs) -> AgentSpend:
    return AgentSpend(agent=costs.name, **_total([costs]).model_dump())
