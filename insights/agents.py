"""Where money goes by agent type."""

from dataclasses import dataclass

from insights.books import Books
from insights.period import Period
from insights.rules import RuleRow
from storage.records import LedgerEntry
from storage.usage import Scope, Use


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


async def agents(books: Books, period: Period, scope: Scope = Scope()) -> Agents:
    """Every agent type."""
    raise NotImplementedError


async def agent_detail(books: Books, period: Period, agent: str) -> AgentDetail:
    """One agent type; one that never spent has zeros."""
    raise NotImplementedError
