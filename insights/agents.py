"""Where money goes by agent type."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from config.rates import AGENT_TYPES
from config.rules import UNATTRIBUTED, Dimension, fold
from insights.books import Books, at_one_moment, mille_of
from insights.period import Period
from insights.rules import RuleRow, rules
from storage.names import campaign_names
from storage.queries import Filter, page
from storage.records import LedgerEntry
from storage.usage import (
    EVERYTHING,
    By,
    Scope,
    Use,
    executions,
    figures_version,
    pairs,
    series_by,
    used,
    used_by,
)

LAST_CALLS: Final = 20


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent type in a period; `agent` "unattributed" is calls without an agent header."""

    agent: str
    use: Use
    """Charge, tokens, calls and so on of the period."""
    spent_nano: int
    """What the primary rule counts of it."""
    share_mille: int
    executions: int
    """Runs that began in the period: execution ids, and calls without one."""
    cost_per_execution_nano: int | None
    campaigns: int
    before_nano: int
    series: tuple[int, ...]
    """Spent by bucket."""
    rate_nano_per_1k: int
    """Of the rate card."""


@dataclass(frozen=True, slots=True)
class Agents:
    """All agent types of the rate card and every other that spent, dearest first."""

    period: Period
    rows: tuple[AgentRow, ...]
    total_nano: int
    version: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an agent's or campaign's use: one model, endpoint, agent or campaign."""

    name: str
    use: Use
    spent_nano: int
    share_mille: int


@dataclass(frozen=True, slots=True)
class AgentDetail:
    """The drawer of one agent type."""

    row: AgentRow
    models: tuple[Share, ...]
    endpoints: tuple[Share, ...]
    campaigns: tuple[Share, ...]
    last_calls: tuple[LedgerEntry, ...]
    limits: tuple[RuleRow, ...]
    """Rules that count this agent by name, or by a value of their own."""


@at_one_moment
async def agents(books: Books, period: Period, scope: Scope = EVERYTHING) -> Agents:
    """Every agent type."""
    ledger, counts = books.ledger, books.counts.value
    version = await figures_version(ledger)
    uses, before, series, runs = await asyncio.gather(
        used_by(ledger, "agent", period.interval, scope),
        used_by(ledger, "agent", period.previous, scope),
        series_by(ledger, "agent", period.buckets, f"{counts}_nano", scope),
        executions(ledger, period.interval, scope),
    )
    worked = Counter(agent for agent, _ in await pairs(ledger, period.interval, scope))
    total = sum(use.amount(counts) for use in uses.values())
    empty = (0,) * len(period.buckets)
    known = () if scope != EVERYTHING else (*AGENT_TYPES, UNATTRIBUTED)
    rows = []
    for agent in {*known, *uses}:
        use = uses.get(agent, Use())
        spent, count = use.amount(counts), runs.get(agent, 0) + use.lone
        rows.append(
            AgentRow(
                agent=agent,
                use=use,
                spent_nano=spent,
                share_mille=mille_of(spent, total) or 0,
                executions=count,
                cost_per_execution_nano=spent // count if count else None,
                campaigns=worked[agent],
                before_nano=before.get(agent, Use()).amount(counts),
                series=tuple(series.get(agent, empty)),
                rate_nano_per_1k=books.loaded.rates.rate(agent) // 1000,
            )
        )
    rows.sort(key=lambda row: (-row.spent_nano, row.agent))
    return Agents(period, tuple(rows), total, version)


@at_one_moment
async def agent_detail(books: Books, period: Period, agent: str) -> AgentDetail:
    """One agent type; one that never spent has zeros."""
    scope = Scope(agent=agent)
    every = await agents(books, period, scope)
    wanted = Filter(since_ms=period.start_ms, until_ms=period.end_ms, agent=agent)
    whole, last, names, every_rule = await asyncio.gather(
        used(books.ledger, period.interval),
        page(books.ledger, wanted, LAST_CALLS),
        campaign_names(books.ledger),
        rules(books),
    )
    models, endpoints, of_campaigns = await asyncio.gather(
        shares(books, period, scope, "model"),
        shares(books, period, scope, "endpoint"),
        shares(books, period, scope, "campaign", names),
    )
    row = next((one for one in every.rows if one.agent == agent), None)
    if row is None:
        rate = books.loaded.rates.rate(agent) // 1000
        row = AgentRow(agent, Use(), 0, 0, 0, None, 0, 0, (0,) * len(period.buckets), rate)
    row = replace(row, share_mille=mille_of(row.spent_nano, whole.amount(books.counts.value)) or 0)
    return AgentDetail(
        row=row,
        models=models,
        endpoints=endpoints,
        campaigns=of_campaigns,
        last_calls=last.entries,
        limits=tuple(one for one in every_rule if _is_about(one, agent)),
    )


async def shares(
    books: Books, period: Period, scope: Scope, by: By, names: Mapping[str, str] | None = None
) -> tuple[Share, ...]:
    """The parts of a scope by a dimension, dearest first."""
    counts = books.counts.value
    uses = await used_by(books.ledger, by, period.interval, scope)
    total = sum(use.amount(counts) for use in uses.values())
    found = [
        Share((names or {}).get(name, name), use, use.amount(counts),
              mille_of(use.amount(counts), total) or 0)
        for name, use in uses.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda share: (-share.spent_nano, share.name)))


def _is_about(row: RuleRow, agent: str) -> bool:
    told = dict(row.value) | dict(row.rule.match)
    return fold(told.get(Dimension.AGENT, "")) == fold(agent)
