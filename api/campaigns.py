"""Procedures that change a campaign."""

from api.context import PLACE, Context
from api.fields import iso, usd
from api.inputs import CampaignBudgetIn, CampaignRevenueIn, CampaignStatusIn
from api.outputs import CampaignBudget, CampaignState
from budget import campaigns
from budget.overrides import Wanted, campaign_rule
from config.rules import Dimension
from storage.campaigns import Campaign


async def set_campaign_budget(ctx: Context, given: CampaignBudgetIn) -> CampaignBudget:
    """Set a campaign's own limit, or give it that of the rule again."""
    services, name = ctx.services, given.campaign_id
    book = await services.lifeline.current_rulebook()
    rule = campaign_rule(book.rules)
    reason = given.reason or ""
    at_ms = services.lifeline.now_ms() if given.until == "window" else None
    state = await services.limits.set(
        Wanted(
            rule,
            given.limit_usd,
            at_ms,
            ctx.actor.name,
            PLACE,
            reason,
            ((Dimension.CAMPAIGN, name),),
            given.version,
        )
    )
    await campaigns.note_budget(
        services.ledger, name, given.limit_usd, ctx.actor.name, PLACE, reason
    )
    override = state.until_changed_nano
    if at_ms is not None and given.limit_usd is not None:
        override = given.limit_usd
    return CampaignBudget(
        campaign=name,
        rule=rule.name,
        limit_usd=usd(rule.limit_nano if override is None else override),
        limit_from="file" if override is None else "override",
        version=state.version,
    )


async def set_campaign_status(ctx: Context, given: CampaignStatusIn) -> CampaignState:
    """Let a campaign's calls pass, or refuse them from the next one on."""
    services = ctx.services
    return _state(
        await campaigns.set_status(
            services.link,
            services.ledger,
            given.campaign_id,
            given.status,
            ctx.actor.name,
            PLACE,
            given.reason or "",
        )
    )


async def set_campaign_revenue(ctx: Context, given: CampaignRevenueIn) -> CampaignState:
    """Say what a campaign has brought in."""
    return _state(
        await campaigns.set_revenue(
            ctx.services.ledger,
            given.campaign_id,
            given.revenue_usd,
            ctx.actor.name,
            PLACE,
            given.reason or "",
        )
    )


def _state(campaign: Campaign) -> CampaignState:
    budget, revenue = campaign.budget_nano, campaign.revenue_nano
    return CampaignState(
        campaign=campaign.name,
        status=campaign.status,
        budget_usd=None if budget is None else usd(budget),
        revenue_usd=None if revenue is None else usd(revenue),
        changed_at=iso(campaign.changed_ms),
    )
