"""What each procedure answers. Amounts are dollars as exact JSON numbers, times ISO 8601 in UTC."""

from typing import Literal

from pydantic import BaseModel

from api.fields import Usd


class AgentCost(BaseModel):
    """A cost in the books."""

    hold_id: str
    agent: str
    campaign: str
    tokens: int
    charge_usd: Usd
    recorded_at: str
    over_budget: bool
    """Some budget is now above its limit: calls that it counts are refused."""
    over: list[str]
    """Which ones, where they are still known."""
    remaining_usd: Usd | None
    """What is left in the tightest budget; null for a repetition, and without budgets."""
    replayed: bool
    """This was recorded before; nothing was added."""


class Spend(BaseModel):
    """Sums over a part of the ledger."""

    charge_usd: Usd
    provider_usd: Usd
    calls: int
    manual: int
    refused: int
    tokens: int


class AgentSpend(Spend):
    """What one agent type spent."""

    agent: str


class AgentCosts(BaseModel):
    """What each agent type spent, dearest first; calls without one are a row of their own."""

    since: str
    until: str
    campaign: str | None
    total: Spend
    agents: list[AgentSpend]


class Budget(BaseModel):
    """One budget in its current window."""

    rule: str
    limit_usd: Usd
    spent_usd: Usd
    held_usd: Usd
    remaining_usd: Usd
    resets_at: str | None


class CampaignSpend(BaseModel):
    """What a campaign spent, may spend, and brought in."""

    campaign: str
    status: str
    since: str
    until: str
    total: Spend
    agents: list[AgentSpend]
    all_months_usd: Usd
    budget: Budget | None
    """Null where no rule gives campaigns a budget of their own."""
    revenue_usd: Usd | None
    return_on_spend: float | None
    """(revenue − spend of all months) ÷ spend; null without either."""


class Projection(BaseModel):
    """What the month will have cost, with an 80 % prediction interval."""

    expected_usd: Usd
    low_usd: Usd
    high_usd: Usd
    days_observed: int
    method: Literal["weekday_means", "daily_mean"]


class MonthSummary(BaseModel):
    """How a month stands, in the primary budget."""

    month: str
    timezone: str
    rule: str | None
    budget_usd: Usd | None
    budget_from: Literal["override", "file", "kept", "none"]
    """`kept`: what was set for a month that is over."""
    version: int
    spent_usd: Usd
    held_usd: Usd
    remaining_usd: Usd | None
    utilisation: float | None
    """Spent ÷ budget."""
    status: Literal["green", "yellow", "red"] | None
    """green below 80 %, yellow up to 100 %, red above or while calls are refused."""
    refusing: bool
    projection: Projection | None
    """Null for a month that is over, and with less than three full days to go by."""
    days_left: int
    """Days that are not over, today with them."""


class MonthBudget(BaseModel):
    """A month's budget as it binds now."""

    month: str
    rule: str
    budget_usd: Usd
    budget_from: Literal["override", "file"]
    version: int


class CampaignState(BaseModel):
    """What is known of a campaign."""

    campaign: str
    status: str
    budget_usd: Usd | None
    revenue_usd: Usd | None
    changed_at: str


class CampaignBudget(BaseModel):
    """A campaign's own limit as it binds now."""

    campaign: str
    rule: str
    limit_usd: Usd
    limit_from: Literal["override", "file"]
    """`file`: the rule's own limit, or an override of the whole rule."""
    version: int


class Rates(BaseModel):
    """The rate card in force."""

    basis: str
    usd_per_1k_tokens: dict[str, Usd]


class Check(BaseModel):
    """Whether a call would be refused now. Nothing is held for it."""

    allowed: bool
    reason: str | None
    rule: str | None
    cost_usd: Usd
    resets_at: str | None
    budgets: list[Budget]
    """Those that would count it."""


class Transaction(BaseModel):
    """One ledger entry."""

    hold_id: str
    entry: int
    sequence: int
    status: str
    admitted_at: str
    posted_at: str
    request_id: str
    execution_id: str | None
    agent: str
    campaign: str
    task: str
    key: str
    endpoint: str
    requested_model: str
    served_model: str | None
    tier: str
    usage: dict[str, int]
    charge_usd: Usd
    provider_usd: Usd
    held_usd: Usd
    flags: list[str]
    price_version: str
    http_status: int | None
    latency_ms: int | None
    ttfb_ms: int | None
    count: int
    rule: str | None
    reason: str | None


class Transactions(BaseModel):
    """A page, newest first."""

    transactions: list[Transaction]
    next_cursor: str | None


class Correction(BaseModel):
    """A correction as it stands in the ledger."""

    hold_id: str
    entry: int
    before_charge_usd: Usd
    before_provider_usd: Usd
    charge_usd: Usd
    provider_usd: Usd


class Freeze(BaseModel):
    """Whether all spending is frozen now, and whether this call changed it."""

    frozen: bool
    changed: bool


class Fault(BaseModel):
    """One field that was not taken."""

    field: str
    message: str


class ErrorBody(BaseModel):
    """What is wrong and how to mend it."""

    model_config = {"extra": "allow"}

    code: str
    message: str
    field: str | None = None
    fields: list[Fault] | None = None
    hold_id: str | None = None


class Error(BaseModel):
    """An error."""

    error: ErrorBody
