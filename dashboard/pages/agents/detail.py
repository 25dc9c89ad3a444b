"""The drawer of one agent type: its figures, limits, parts and last calls."""

from typing import Any, Final

from dash import html

from config.rates import canonical_agent
from config.rules import UNATTRIBUTED
from dashboard import formats
from dashboard.components.bars import agent_row
from dashboard.components.basics import change, money, tokens
from dashboard.components.breakdown import calls_table, limit_list, part, share_list
from dashboard.components.cards import more_link, stat, stats
from dashboard.context import PREFIX
from dashboard.drawers import Filled
from dashboard.pages.agents.table import grown
from dashboard.state import View
from insights.agents import AgentDetail, agent_detail
from insights.books import Books
from insights.period import Period

CALLS_SHOWN: Final = 10


async def fill(books: Books, period: Period, name: str) -> Filled:
    """Title and content of the drawer."""
    agent = canonical_agent(name) or (name if name == UNATTRIBUTED else name.upper())
    found = await agent_detail(books, period, agent)
    return agent_row(agent), _inside(found, books, period)


def _inside(found: AgentDetail, books: Books, period: Period) -> Any:
    agent = found.row.agent
    calls = View("transactions").having("agent", (agent,)).href(PREFIX)
    zone = formats.zone(period.timezone)
    return html.Div(
        [
            _figures(found),
            part(
                "Limits",
                limit_list(found.limits, books.now_ms),
                more_link("All rules", f"{PREFIX}rules"),
            ),
            part("Models", share_list(found.models, "model")),
            part("Campaigns", share_list(found.campaigns, "campaign", "purple")),
            part("Endpoints", share_list(found.endpoints, "endpoint", "green")),
            part(
                "Last calls",
                calls_table(found.last_calls[:CALLS_SHOWN], zone, f"Last calls of {agent}"),
                more_link("All calls", calls),
            ),
        ],
        className="detail",
    )


def _figures(found: AgentDetail) -> Any:
    row, use = found.row, found.row.use
    each = row.cost_per_execution_nano
    new = not row.before_nano and row.spent_nano > 0
    return stats(
        [
            stat("Spent", money(row.spent_nano), change(grown(row), "vs before", new=new), "cyan"),
            stat("Share", formats.percent(row.share_mille), "of all spend"),
            stat(
                "Per execution",
                formats.NONE if each is None else money(each, fine=True),
                formats.count(row.executions, "execution"),
            ),
            stat("Tokens", tokens(use.tokens), f"{formats.compact(use.cached_tokens)} cached"),
            stat("Calls", formats.integer(use.calls), f"{formats.integer(use.refused)} refused"),
            stat("Rate", money(row.rate_nano_per_1k, fine=True), "per 1K tokens"),
        ]
    )
