"""Campaigns: spend against budget, status, revenue and return."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from budget.windows import current_window
from config.rules import Dimension, Rule, fold, value_digest
from insights.agents import LAST_CALLS, Share, shares
from insights.books import Books, Tone, at_one_moment, mille_of, tone_of
from insights.period import Period
from storage.campaigns import Campaign
from storage.names import campaign_names, campaign_totals, campaigns_said
from storage.override_history import Made, changes, in_force
from storage.queries import Filter, page
from storage.records import LedgerEntry
from storage.usage import EVERYTHING, Scope, Use, figures_version, series_by, used_by

CampaignStatus = Literal["active", "paused", "completed"]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign. `use`, `spent_nano` and `series` are of the period."""

    campaign: str
    """Folded: the id to ask by."""
    name: str
    """As first written."""
    status: CampaignStatus
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


@at_one_moment
async def campaigns(books: Books, period: Period, scope: Scope = EVERYTHING) -> Campaigns:
    """Every campaign, dearest first."""
    ledger, counts = books.ledger, books.counts.value
    version = await figures_version(ledger)
    uses, before, series, facts = await asyncio.gather(
        used_by(ledger, "campaign", period.interval, scope),
        used_by(ledger, "campaign", period.previous, scope),
        series_by(ledger, "campaign", period.buckets, f"{counts}_nano", scope),
        _facts(books),
    )
    empty = (0,) * len(period.buckets)
    names = {*uses, *(facts.said if scope == EVERYTHING else ())}
    rows = [
        _row(
            folded,
            facts,
            counts,
            uses.get(folded, Use()),
            before.get(folded, Use()),
            tuple(series.get(folded, empty)),
        )
        for folded in names
    ]
    rows.sort(key=lambda row: (-row.spent_nano, row.campaign))
    return Campaigns(period, tuple(rows), sum(row.spent_nano for row in rows), version)


@at_one_moment
async def campaign_detail(books: Books, period: Period, campaign: str) -> CampaignDetail:
    """One campaign by its name in any case."""
    folded = fold(campaign)
    every = await campaigns(books, period, Scope(campaign=campaign))
    row = next((one for one in every.rows if one.campaign == folded), None)
    if row is None:
        empty = (0,) * len(period.buckets)
        row = _row(folded, await _facts(books), books.counts.value, Use(), Use(), empty)
    scope = Scope(campaign=campaign)
    wanted = Filter(since_ms=period.start_ms, until_ms=period.end_ms, campaign=campaign)
    last, agents, models = await asyncio.gather(
        page(books.ledger, wanted, LAST_CALLS),
        shares(books, period, scope, "agent"),
        shares(books, period, scope, "model"),
    )
    return CampaignDetail(
        row=row,
        agents=agents,
        models=models,
        last_calls=last.entries,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of all campaigns."""

    said: Mapping[str, Campaign]
    names: Mapping[str, str]
    totals: Mapping[str, int]
    rule: Rule | None
    in_window: Mapping[str, int]
    limits: Mapping[str, int]
    """Overrides in force, by folded name's digest."""


async def _facts(books: Books) -> _Facts:
    rule = next(
        (one for one in books.loaded.rules if one.each == (Dimension.CAMPAIGN,) and not one.match),
        None,
    )
    in_window: dict[str, int] = {}
    limits: dict[str, int] = {}
    if rule is not None:
        window = current_window(rule, books.now_ms)
        found = await used_by(books.ledger, "campaign", window)
        in_window = {name: use.amount(rule.counts) for name, use in found.items()}
        by_value: dict[str, list[Made]] = {}
        for made in [] if rule.locked else await changes(books.ledger, rule.counter):
            by_value.setdefault(made.value, []).append(made)
        for value, some in by_value.items():
            bound = in_force(some, window.start_ms, books.now_ms)
            if bound is not None and bound.limit_nano is not None:
                limits[value] = bound.limit_nano
    return _Facts(
        await campaigns_said(books.ledger),
        await campaign_names(books.ledger),
        await campaign_totals(books.ledger),
        rule,
        in_window,
        limits,
    )


def _budget(folded: str, facts: _Facts) -> tuple[int | None, Literal["campaign", "rule", "none"]]:
    rule, said = facts.rule, facts.said.get(folded)
    own = said.budget_nano if said else None
    if rule is None:
        return (own, "campaign") if own is not None else (None, "none")
    override = facts.limits.get(value_digest(folded))
    if override is not None:
        return override, "campaign"
    return facts.limits.get("", rule.limit_nano), "rule"


def _row(
    folded: str, facts: _Facts, counts: str, use: Use, before: Use, series: tuple[int, ...]
) -> CampaignRow:
    said, total = facts.said.get(folded), facts.totals.get(folded, 0)
    budget, source = _budget(folded, facts)
    against = facts.in_window.get(folded, 0) if facts.rule else total
    revenue = said.revenue_nano if said else None
    return CampaignRow(
        campaign=folded,
        name=facts.names.get(folded, folded),
        status=cast("CampaignStatus", said.status if said else "active"),
        use=use,
        spent_nano=use.amount(counts),
        before_nano=before.amount(counts),
        series=series,
        total_nano=total,
        budget_nano=budget,
        budget_from=source,
        budget_rule=facts.rule.name if facts.rule else None,
        budget_spent_nano=against,
        utilisation_mille=mille_of(against, budget),
        tone=tone_of(against, budget, refusing=budget is not None and against >= budget),
        revenue_nano=revenue,
        roi_mille=mille_of(revenue - total, total) if revenue is not None else None,
    )
