"""How campaigns were first written, by their folded names."""

from sqlalchemy import func, select

from storage.campaigns import Campaign
from storage.database import reading
from storage.ledger import Ledger
from storage.tables import campaign, campaign_cost


async def campaign_names(ledger: Ledger) -> dict[str, str]:
    """Names of campaigns that were charged, or of which somebody said something."""
    async with reading(ledger.engine) as connection:
        cost = campaign_cost.c
        charged = await connection.execute(
            select(cost.campaign, func.min(cost.name)).group_by(cost.campaign)
        )
        names = {folded: str(name) for folded, name in charged}
        said = await connection.execute(select(campaign.c.campaign, campaign.c.name))
        names.update((folded, str(name)) for folded, name in said)
    return names


async def campaign_totals(ledger: Ledger) -> dict[str, int]:
    """What each campaign (folded) was charged in all months, nano-dollars."""
    cost = campaign_cost.c
    query = select(cost.campaign, func.sum(cost.total_nano)).group_by(cost.campaign)
    async with reading(ledger.engine) as connection:
        return {folded: int(total) for folded, total in await connection.execute(query)}


async def campaigns_said(ledger: Ledger) -> dict[str, Campaign]:
    """Campaigns of which somebody said something, by folded name."""
    row = campaign.c
    query = select(
        row.campaign, row.name, row.status, row.budget_nano, row.revenue_nano, row.changed_ms
    )
    async with reading(ledger.engine) as connection:
        return {folded: Campaign(*rest) for folded, *rest in await connection.execute(query)}
