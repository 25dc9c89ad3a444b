"""Procedures about a month: how it stands, and what it may spend."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from api.context import PLACE, Context
from api.costs import zone
from api.errors import ApiError, BadField
from api.fields import usd
from api.inputs import MonthBudgetIn, MonthIn
from api.outputs import MonthBudget, MonthSummary, Projection
from api.periods import month_at, month_interval
from budget.check import facts_of, would_refuse
from budget.overrides import Wanted
from budget.thresholds import thresholds_in
from budget.windows import window_at
from config.money import Nano
from config.rules import UNATTRIBUTED, Rule, Window
from insights.forecast import Ahead, Day, project
from storage import months, queries
from storage.holds import Interval

DAY_MS = 86_400_000
OBSERVED_DAYS = 56
"""Days before today that the projection goes by: eight of each weekday."""
YELLOW_FROM = 0.8

Source = Literal["override", "file", "kept", "none"]


async def get_month_summary(ctx: Context, given: MonthIn) -> MonthSummary:
    """How a month stands."""
    now_ms, timezone = ctx.services.lifeline.now_ms(), zone(ctx)
    rule = _monthly(ctx)
    counted = rule or Rule("all", Nano(0), Window.MONTH, timezone)
    interval = month_interval(given.month, timezone)
    state = await ctx.services.limits.state(counted)
    limit, source = await _limit(ctx, rule, given.month, interval, now_ms)
    current = interval.start_ms <= now_ms < interval.end_ms
    spent, held, frozen = await _levels(ctx, rule) if current and rule else (None, 0, False)
    if spent is None:
        spent = await _spent(ctx, counted, interval)
    refusing = current and (frozen or (limit is not None and spent >= limit))
    utilisation = spent / limit if limit else None
    return MonthSummary(
        month=given.month,
        timezone=timezone,
        rule=rule.name if rule else None,
        budget_usd=None if limit is None else usd(limit),
        budget_from=source,
        version=state.version,
        spent_usd=usd(spent),
        held_usd=usd(held),
        remaining_usd=None if limit is None else usd(limit - spent - held),
        utilisation=None if utilisation is None else round(utilisation, 6),
        status=_status(limit, spent, refusing=refusing),
        refusing=refusing,
        projection=await _projection(ctx, counted, interval, spent) if current else None,
        days_left=_days_left(interval, now_ms, timezone),
    )


async def set_monthly_budget(ctx: Context, given: MonthBudgetIn) -> MonthBudget:
    """Set what a month may spend, or lift what was set."""
    services, timezone = ctx.services, zone(ctx)
    rule = _monthly(ctx)
    if rule is None:
        raise ApiError(
            409,
            "no_such_rule",
            "no primary budget of a month is configured: name one in budgets.primary",
        )
    now_ms = services.lifeline.now_ms()
    interval = month_interval(given.month, timezone)
    if interval.end_ms <= now_ms:
        raise BadField("month", "this month or a later one: a past one is not changed")
    if given.until == "changed" and month_at(now_ms, timezone) != given.month:
        raise BadField("until", "month, for a later month; until changed begins at once")
    at_ms = None if given.until == "changed" else interval.start_ms
    state = await services.limits.set(
        Wanted(
            rule,
            given.limit_usd,
            at_ms,
            ctx.actor.name,
            PLACE,
            given.reason or "",
            expected_version=given.version,
        )
    )
    override = state.limit(interval.start_ms)
    limit = rule.limit_nano if override is None else override
    alert_at = await thresholds_in(services.ledger, rule, interval.start_ms, now_ms)
    await months.note(services.ledger, given.month, limit, alert_at)
    return MonthBudget(
        month=given.month,
        rule=rule.name,
        budget_usd=usd(limit),
        budget_from="file" if override is None else "override",
        version=state.version,
    )


def _monthly(ctx: Context) -> Rule | None:
    """The primary rule, where it is one of months."""
    rule = ctx.services.current().primary
    return rule if rule is not None and rule.window is Window.MONTH and not rule.each else None


async def _limit(
    ctx: Context, rule: Rule | None, month: str, interval: Interval, now_ms: int
) -> tuple[int | None, Source]:
    if rule is None:
        return None, "none"
    if interval.end_ms <= now_ms:
        kept = await months.limit(ctx.services.ledger, month)
        if kept is not None:
            return kept, "kept"
    state = await ctx.services.limits.state(rule)
    override = None if rule.locked else state.limit(interval.start_ms)
    return (rule.limit_nano, "file") if override is None else (override, "override")


async def _levels(ctx: Context, rule: Rule) -> tuple[int | None, int, bool]:
    """Spent and held as Redis has them now, and whether all is frozen."""
    match = {dimension.value: value for dimension, value in rule.match.items()}
    facts = facts_of(
        match.get("agent", UNATTRIBUTED),
        match.get("campaign", UNATTRIBUTED),
        match.get("task", UNATTRIBUTED),
        match.get("key", UNATTRIBUTED),
        match.get("model", ""),
        match.get("endpoint", ""),
    )
    found = await would_refuse(ctx.services.lifeline, facts, 0)
    frozen = found.reason == "frozen"
    for level in found.levels:
        if level.rule == rule.name:
            return level.posted_nano, level.held_nano, frozen
    return None, 0, frozen


async def _spent(ctx: Context, rule: Rule, interval: Interval) -> int:
    """What the ledger says was spent in a month."""
    buckets = await queries.spend_by_bucket(
        ctx.services.ledger, rule, interval.start_ms, interval.end_ms
    )
    return sum(buckets.values())


def _status(
    limit: int | None, spent: int, *, refusing: bool
) -> Literal["green", "yellow", "red"] | None:
    if limit is None:
        return "red" if refusing else None
    if refusing or spent > limit:
        return "red"
    return "yellow" if spent >= YELLOW_FROM * limit else "green"


async def _projection(
    ctx: Context, rule: Rule, interval: Interval, spent: int
) -> Projection | None:
    now_ms, timezone = ctx.services.lifeline.now_ms(), rule.timezone
    today = window_at(Window.DAY, timezone, now_ms)
    first = window_at(Window.DAY, timezone, today.start_ms - OBSERVED_DAYS * DAY_MS).start_ms
    buckets = await queries.spend_by_bucket(ctx.services.ledger, rule, first, today.start_ms)
    # Days before the first that cost anything say nothing: nobody spent here yet.
    if not buckets:
        return None
    days = []
    day = window_at(Window.DAY, timezone, min(buckets))
    while day.start_ms < today.start_ms:
        total = sum(n for at, n in buckets.items() if day.start_ms <= at < day.end_ms)
        days.append(Day(_weekday(day.start_ms, timezone), total))
        day = window_at(Window.DAY, timezone, day.end_ms)
    ahead = [Ahead(_weekday(now_ms, timezone), (today.end_ms - now_ms) / DAY_MS)]
    day = window_at(Window.DAY, timezone, today.end_ms)
    while day.start_ms < interval.end_ms:
        ahead.append(Ahead(_weekday(day.start_ms, timezone), 1.0))
        day = window_at(Window.DAY, timezone, day.end_ms)
    found = project(spent, days, ahead)
    if found is None:
        return None
    return Projection(
        expected_usd=usd(found.expected_nano),
        low_usd=usd(found.low_nano),
        high_usd=usd(found.high_nano),
        days_observed=found.days_observed,
        method="weekday_means" if found.by_weekday else "daily_mean",
    )


def _weekday(time_ms: int, timezone: str) -> int:
    return datetime.fromtimestamp(time_ms / 1000, ZoneInfo(timezone)).weekday()


def _days_left(interval: Interval, now_ms: int, timezone: str) -> int:
    if now_ms >= interval.end_ms:
        return 0
    zone_info = ZoneInfo(timezone)
    first = datetime.fromtimestamp(max(now_ms, interval.start_ms) / 1000, zone_info).date()
    end = datetime.fromtimestamp(interval.end_ms / 1000, zone_info).date()
    return (end - first) // timedelta(days=1)
