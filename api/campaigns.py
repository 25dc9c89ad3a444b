"""Procedures that change a campaign."""

from api.context import PLACE, Context
from api.fields import iso, usd
from api.inputs import CampaignBudgetIn, CampaignRevenueIn, CampaignStatusIn
from api.outputs import CampaignBudget, CampaignState
from budget import campaigns
from storage.campaigns import Campaign


async def set_campaign_budget(ctx: Context, given: CampaignBudgetIn) -> CampaignBudget:
    """Set a campaign's own limit, or give it that of the rule again."""
    services = ctx.services
    done = await campaigns.set_budget(
        services.lifeline,
        services.limits,
        services.ledger,
        campaigns.BudgetWanted(
            given.campaign_id,
            given.limit_usd,
            given.until == "window",
            ctx.actor.name,
            PLACE,
            given.reason or "",
            given.version,
        ),
    )
    override = done.override_nano
    return CampaignBudget(
        campaign=given.campaign_id,
        rule=done.rule.name,
        limit_usd=usd(done.rule.limit_nano if override is None else override),
        limit_from="file" if override is None else "override",
        version=done.state.version,
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
