"""Campaigns: spend against budget, status, revenue and return."""

from dataclasses import dataclass
from typing import Literal

from insights.agents import Share
from insights.books import Books, Tone
from insights.period import Period
from storage.records import LedgerEntry
from storage.usage import Scope, Use


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign. `use`, `spent_nano` and `series` are of the period."""

    campaign: str
    """Folded: the id to ask by."""
    name: str
    """As first written."""
    status: Literal["active", "paused", "completed"]
    use: Use
    spent_nano: int
    before_nano: int
    series: tuple[int, ...]
    total_nano: int
    """Charged in all months."""
    budget_nano: int | None
    """The campaign's own: set by an admin, else the `each: campaign` rule's limit; None: none."""
    budget_from: Literal["campaign", "rule", "none"]
    budget_rule: str | None
    budget_spent_nano: int
    """What counts against the budget: in the rule's window, or in all months where the campaign
    has no such rule."""
    utilisation_mille: int | None
    tone: Tone
    revenue_nano: int | None
    roi_mille: int | None
    """(revenue − charged in all months) / charged; None without revenue or charge."""


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Every campaign that spent in the period, or of which somebody said something."""

    period: Period
    rows: tuple[CampaignRow, ...]
    total_nano: int
    version: int


@dataclass(frozen=True, slots=True)
class CampaignDetail:
    """The drawer of one campaign."""

    row: CampaignRow
    agents: tuple[Share, ...]
    models: tuple[Share, ...]
    last_calls: tuple[LedgerEntry, ...]


async def campaigns(books: Books, period: Period, scope: Scope = Scope()) -> Campaigns:
    """Every campaign, dearest first."""
    raise NotImplementedError


async def campaign_detail(books: Books, period: Period, campaign: str) -> CampaignDetail:
    """One campaign by its name in any case."""
    raise NotImplementedError
