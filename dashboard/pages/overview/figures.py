"""What the overview shows, read once a tick for all who look at the same period and filters."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

from budget.windows import current_window
from config.rules import Dimension, Rule, Window
from dashboard.course import Course, course, group_of
from dashboard.narrow import scope_of, told
from dashboard.pages.overview.between import FULL_MS, moved
from dashboard.pages.overview.freezing import Freeze, freeze_of
from dashboard.periods import period_of_view
from dashboard.state import View
from insights.agents import Agents, agents
from insights.books import Books, at_one_moment
from insights.burnup import Burnup, burnup
from insights.campaigns import Campaigns, campaigns
from insights.overview import Overview, overview
from insights.period import Granularity, Period
from insights.rules import RuleRow, primary_row
from insights.spend import spent_by_bucket
from storage.errors import StorageError
from storage.glance import Glance, glance
from storage.holds import Interval
from storage.presence import READY
from storage.usage import figures_version

STEP_MS: Final = 60_000
"""Words that depend on the time alone are made anew once a minute."""
HELD_STEP_MS: Final = 10_000
"""How old the oldest call in flight is, likewise, while there is one."""


@dataclass(frozen=True, slots=True)
class Read:
    """The figures of one view. `at` is all that they depend on: as long as it is the same, so are
    they."""

    at: tuple[Any, ...]
    overview: Overview
    burn: Burnup | None
    agents: Agents
    campaigns: Campaigns
    row: RuleRow | None
    """The primary rule."""
    last_window_nano: int
    """What the window before it cost in the end."""
    frozen: Freeze | None
    now_ms: int
    full_ms: int
    """When all of it was read."""
    seldom: tuple[Any, ...]
    """The part of `at` that asks for a full reading at once."""
    campaign_window: str
    """Of the rule that gives every campaign its budget: "day"; empty without one."""
    filtered: str
    """What of the figures follows the filters and what cannot, in words; empty without any."""
    split: Course | None
    """The course of spend by what the view splits it by."""


@at_one_moment
async def read(now: Books, view: View, last: Read | None) -> Read:
    """The figures of a view; `last` again where nothing has changed since."""
    at, seldom, look = await _at(now)
    if last is not None and last.at == at:
        return last
    recent = last is not None and now.now_ms - last.full_ms < FULL_MS
    if last is not None and look is not None and recent and last.seldom == seldom:
        row = await primary_row(now, last.row.alerting if last.row else None)
        cards = await moved(now, last.overview, row, look)
        return replace(last, at=at, overview=cards, row=row, now_ms=now.now_ms)
    period = period_of_view(view, now.timezone, now.now_ms)
    scope = scope_of(view)
    found, burn, by_agent, by_campaign, row, before = await asyncio.gather(
        overview(now, period, scope),
        burnup(now, None if period.current else period.end_ms - 1, _fine(now.primary)),
        agents(now, period, scope),
        campaigns(now, period, scope),
        primary_row(now),
        _last_window(now),
    )
    each = next((rule for rule in now.loaded.rules if rule.each == (Dimension.CAMPAIGN,)), None)
    return Read(
        at=at,
        overview=found,
        burn=burn,
        agents=by_agent,
        campaigns=by_campaign,
        row=row,
        last_window_nano=before,
        frozen=freeze_of(look.frozen) if look is not None else None,
        now_ms=now.now_ms,
        full_ms=now.now_ms,
        seldom=seldom,
        campaign_window=each.window.value if each else "",
        filtered=_filtered(now, view),
        split=await _split(now, period, view),
    )


async def _split(now: Books, period: Period, view: View) -> Course | None:
    by = group_of(view, "")
    return await course(now, period, by, scope_of(view)) if by else None


def _filtered(now: Books, view: View) -> str:
    if not view.filters:
        return ""
    rule = f"the budget {now.primary.name}" if now.primary else "the primary budget"
    words = [
        f"Budget left, held, projected and the burn-up are of {rule}, which counts what it "
        "counts: filters narrow all other figures.",
        *told(view),
    ]
    return " ".join(words)


def _fine(rule: Rule | None) -> Granularity:
    return "hour" if rule is not None and rule.window in (Window.HOUR, Window.DAY) else "day"


async def _at(now: Books) -> tuple[tuple[Any, ...], tuple[Any, ...], Glance | None]:
    """What the figures depend on, cheaply: all of it, and what seldom changes."""
    rule = now.primary
    wanted = [] if rule is None else [(rule, current_window(rule, now.now_ms), "")]
    look: Glance | None
    try:
        look = await glance(now.link, wanted)
    except StorageError:
        look = None
    version = await figures_version(now.ledger)
    acts = await now.ledger.audited(1)
    acted = acts[0].seq if acts else 0
    seldom: tuple[Any, ...] = (acted, now.loaded.digest, now.now_ms // STEP_MS)
    if look is None:
        return (version, *seldom), seldom, None
    age = now.now_ms // HELD_STEP_MS if look.holds else 0
    seldom = (*seldom, look.state, look.frozen)
    often = (version, look.counted, look.held_nano, look.holds, age)
    return (*often, *seldom), seldom, look if look.state == READY else None


async def _last_window(now: Books) -> int:
    """What the primary rule's window before this one cost."""
    rule = now.primary
    if rule is None or rule.window is Window.TOTAL:
        return 0
    start = current_window(rule, now.now_ms).start_ms
    before = current_window(rule, start - 1)
    return (await spent_by_bucket(now.ledger, rule, (Interval(before.start_ms, start),)))[0]
