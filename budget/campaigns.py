"""What admins say of a campaign: whether it may spend, how much, and what it brought in."""

from dataclasses import dataclass

from budget.errors import Unavailable
from budget.lifeline import Lifeline
from budget.overrides import Limits, Wanted, campaign_rule
from config.money import usd_text
from config.rules import Dimension, Rule
from storage import campaigns
from storage.audit import Act
from storage.campaigns import Campaign
from storage.errors import NotReady, RedisUnavailable
from storage.ledger import Ledger
from storage.overrides import State
from storage.redis_link import RedisLink

STATUSES = ("active", "paused", "completed")
"""Both of the last refuse calls."""


async def set_status(
    link: RedisLink,
    ledger: Ledger,
    name: str,
    status: str,
    who: str,
    place: str,
    why: str,
    *,
    expected: str | None = None,
) -> Campaign:
    """Let a campaign's calls pass, or refuse them from the next one on.

    Raises `Conflict` (of storage) where the status is not the one `expected`, and
    `Unavailable` where SQL has it but Redis does not yet: it will bind once Redis answers.
    """
    assert status in STATUSES
    before = await campaigns.find(ledger, name)
    act = Act("campaign_status", who, place, f"{name}: {before.status}", f"{name}: {status}", why)
    await campaigns.change(
        ledger, name, act, expected_status=expected, status=status, published=False
    )
    try:
        return await campaigns.publish(link, ledger, name)
    except (RedisUnavailable, NotReady) as error:
        raise Unavailable(
            f"the status is written down but does not bind yet: it will once Redis answers "
            f"({error})"
        ) from error


@dataclass(frozen=True, slots=True)
class BudgetWanted:
    """A limit for one campaign. `limit_nano` None gives it that of the rule again.

    It binds for the current window alone, or until changed.
    """

    name: str
    limit_nano: int | None
    window_only: bool
    who: str
    place: str
    why: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class BudgetSet:
    """What was set: the rule that gives campaigns budgets, and the overrides of this one."""

    rule: Rule
    state: State
    override_nano: int | None
    """What binds now above the rule's limit; None: nothing does."""


async def set_budget(
    lifeline: Lifeline, limits: Limits, ledger: Ledger, wanted: BudgetWanted
) -> BudgetSet:
    """Set a campaign's own limit as an override of the rule, and keep it beside its facts.

    Raises what `Limits.set` does, and `NoSuchRule` where no rule gives campaigns budgets.
    """
    book = await lifeline.current_rulebook()
    rule = campaign_rule(book.rules)
    at_ms = lifeline.now_ms() if wanted.window_only else None
    name, limit, who, place, why = (
        wanted.name, wanted.limit_nano, wanted.who, wanted.place, wanted.why
    )  # fmt: skip
    value = ((Dimension.CAMPAIGN, name),)
    asked = Wanted(rule, limit, at_ms, who, place, why, value, wanted.expected_version)
    state = await limits.set(asked)
    await note_budget(ledger, name, limit, who, place, why)
    override = state.until_changed_nano
    return BudgetSet(rule, state, limit if at_ms is not None and limit is not None else override)


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
