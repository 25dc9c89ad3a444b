"""What admins say of a campaign: whether it may spend, how much, and what it brought in."""

from budget.errors import Unavailable
from config.money import usd_text
from storage import campaigns
from storage.audit import Act
from storage.campaigns import Campaign
from storage.errors import NotReady, RedisUnavailable
from storage.ledger import Ledger
from storage.redis_link import RedisLink

STATUSES = ("active", "paused", "completed")
"""Both of the last refuse calls."""


async def set_status(
    link: RedisLink, ledger: Ledger, name: str, status: str, who: str, place: str, why: str
) -> Campaign:
    """Let a campaign's calls pass, or refuse them from the next one on.

    Raises `Unavailable` where SQL has it but Redis does not yet: it will bind once Redis answers.
    """
    assert status in STATUSES
    before = await campaigns.find(ledger, name)
    act = Act("campaign_status", who, place, f"{name}: {before.status}", f"{name}: {status}", why)
    await campaigns.change(ledger, name, act, status=status, published=False)
    try:
        return await campaigns.publish(link, ledger, name)
    except (RedisUnavailable, NotReady) as error:
        raise Unavailable(
            f"the status is written down but does not bind yet: it will once Redis answers "
            f"({error})"
        ) from error


async def note_budget(
    ledger: Ledger, name: str, budget_nano: int | None, who: str, place: str, why: str
) -> Campaign:
    """Keep a campaign's budget beside its other facts; what binds is the override of its rule."""
    before = await campaigns.find(ledger, name)
    act = Act(
        "campaign_budget", who, place, f"{name}: {_usd(before.budget_nano)}",
        f"{name}: {_usd(budget_nano)}", why,
    )  # fmt: skip
    return await campaigns.change(ledger, name, act, budget_nano=budget_nano)


async def set_revenue(
    ledger: Ledger, name: str, revenue_nano: int | None, who: str, place: str, why: str
) -> Campaign:
    """Keep what a campaign has brought in."""
    before = await campaigns.find(ledger, name)
    act = Act(
        "campaign_revenue", who, place, f"{name}: {_usd(before.revenue_nano)}",
        f"{name}: {_usd(revenue_nano)}", why,
    )  # fmt: skip
    return await campaigns.change(ledger, name, act, revenue_nano=revenue_nano)


def _usd(nano: int | None) -> str:
    return "none" if nano is None else f"{usd_text(nano)} USD"
