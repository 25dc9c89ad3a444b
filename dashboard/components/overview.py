"""The overview composed of the pieces: cards, burn-up beside the limit, campaigns, agents.

Amounts are integer nano-dollars, shares and changes thousandths, moments milliseconds UTC.
What changes while one looks has an id that begins with `overview-`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard import formats
from dashboard.components.bars import agent_row, campaign_row, meter, spent_of_limit
from dashboard.components.basics import Children, Tone, change, legend, money, status_badge
from dashboard.components.cards import card, cards, columns, more_link, panel
from dashboard.components.states import empty
from dashboard.components.tables import Column, Sorted, data_table
from dashboard.figures_data import BurnUp
from dashboard.quick_chart import quick_burn_up

BURN_LEGEND = (
    ("spent", "Spent"),
    ("pace", "Even pace"),
    ("limit", "Limit"),
    ("forecast", "Forecast, 80 %"),
    ("anomaly", "Anomaly"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One card. `status` is a state and the words for it; `changed` is None where nothing is
    compared, else (thousandths or None for no earlier figure, against what)."""

    id: str
    name: str
    figure: str
    icon_name: str
    tone: Tone
    context: str = ""
    status: tuple[str, str | None] | None = None
    changed: tuple[int | None, str] | None = None
    more_is_good: bool = False
    course: Sequence[int] = ()
    href: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's spend against its budget: None where it has none; a status may be empty."""

    name: str
    status: str
    spent_nano: int
    budget_nano: int | None
    held_nano: int = 0


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent type's part of the spend."""

    agent_type: str
    spent_nano: int
    share: int
    per_execution_nano: int | None
    changed: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the overview shows. `counts` says what its figures count."""

    status: str
    money: Sequence[Figure]
    traffic: Sequence[Figure]
    counts: str
    burn: BurnUp | None
    burn_note: str
    campaigns: Sequence[Campaign]
    campaigns_note: str
    agents: Sequence[Agent]
    links: dict[str, str]


def figure_cards(figures: Sequence[Figure]) -> html.Div:
    """Cards in a row, each opening where its figure comes from."""
    return cards([_card(figure) for figure in figures])


def _card(one: Figure) -> html.Article:
    turned = None
    if one.changed is not None:
        permille, versus = one.changed
        versus = versus if permille is not None else ""
        turned = change(permille, versus, more_is_good=one.more_is_good)
    return card(
        one.name,
        one.figure,
        icon_name=one.icon_name,
        context=one.context,
        status=status_badge(*one.status) if one.status else None,
        changed=turned,
        trend=one.course,
        href=one.href,
        tone=one.tone,
        held=one.held,
        id=one.id,
    )


def burn_panel(data: BurnUp, graph: Any = None, note: str = "") -> html.Section:
    """The burn-up: drawn by the server; `graph` is laid over it once it has been drawn."""
    chart = html.Div(
        [
            html.Div(quick_burn_up(data), className="burn-quick", id="overview-quick"),
            *([graph] if graph is not None else []),
        ],
        className="chart burn",
    )
    return panel("Burn-up", chart, legend(BURN_LEGEND), tone="cyan", note=note)


def no_burn_panel() -> html.Section:
    """What stands in its place without a primary rule."""
    nothing = empty(
        "No budget stands behind the overview",
        "Name a rule in budgets.primary, and its course is drawn here.",
        icon_name="budget",
    )
    return panel("Burn-up", nothing, tone="cyan")


def campaigns_panel(campaigns: Sequence[Campaign], href: str, note: str = "") -> html.Section:
    """Campaigns by spend, each against its budget."""
    aside = more_link("All campaigns", href) if href else None
    return panel(
        "Campaigns",
        html.Div(campaign_rows(campaigns, href), id="overview-campaigns", className="fill-rows"),
        aside if campaigns else None,
        tone="purple",
        note=note if campaigns else "",
    )


def campaign_rows(campaigns: Sequence[Campaign], href: str) -> Children:
    """What stands in the panel of campaigns."""
    if not campaigns:
        return empty(
            "No campaign has spent yet",
            "Send X-Campaign-Id with your calls, and each campaign gets a line here.",
            icon_name="campaigns",
        )
    return html.Ul(
        [
            campaign_row(
                c.name,
                status_badge(c.status) if c.status else None,
                spent_of_limit(
                    c.spent_nano,
                    c.budget_nano,
                    held_nano=c.held_nano,
                    label=f"{c.name}: spent of budget",
                ),
                href=href,
                id=f"overview-campaign-{place}",
            )
            for place, c in enumerate(campaigns)
        ],
        className="rows",
    )


AGENT_COLUMNS = (
    Column("agent", "Agent"),
    Column("bar", "Share", keep="tablet", grow=True),
    Column("spent", "Spent", numeric=True),
    Column("each", "Per execution", numeric=True, keep="tablet"),
    Column("trend", "Trend", numeric=True),
)


def agents_panel(agents: Sequence[Agent], href: str, by: Sorted | None = None) -> html.Section:
    """Agent types by spend, the unattributed among them."""
    aside = more_link("All agents", href) if href else None
    return panel(
        "Agents",
        html.Div(agent_rows(agents, by), id="overview-agents", className="fill-rows"),
        aside if agents else None,
        tone="cyan",
    )


def agent_rows(agents: Sequence[Agent], by: Sorted | None = None) -> Children:
    """What stands in the panel of agents."""
    if not agents:
        return empty(
            "No calls in this time",
            "Choose a longer time, or send a call through the proxy.",
            icon_name="agents",
        )
    largest = max(a.share for a in agents)
    rows = [
        {
            "id": f"overview-agent-{place}",
            "agent": agent_row(a.agent_type),
            "bar": meter(
                formats.per_mille(a.share, largest) or 0,
                f"{a.agent_type}, of the largest share",
                "amber" if a.agent_type == "unattributed" else "cyan",
            ),
            "spent": money(a.spent_nano),
            "each": money(a.per_execution_nano, fine=True, dim=True)
            if a.per_execution_nano is not None
            else formats.NONE,
            "trend": change(a.changed, new=a.changed is None),
        }
        for place, a in enumerate(agents)
    ]
    return data_table(
        AGENT_COLUMNS, rows, caption="Agents by spend", table="agents", by=by, fill=True
    )


def overview(view: Overview, limit: Any = None, graph: Any = None, split: Any = None) -> html.Div:
    """The overview in full: `limit` stands beside the chart, `graph` lies over the drawn one,
    and `split` tells spend apart below them."""
    burn = burn_panel(view.burn, graph, view.burn_note) if view.burn else no_burn_panel()
    return html.Div(
        [
            figure_cards(view.money),
            columns([burn, *([limit] if limit is not None else [])], "wide-left"),
            *([split] if split is not None else []),
            figure_cards(view.traffic),
            columns(
                [
                    campaigns_panel(
                        view.campaigns, view.links.get("campaigns", ""), view.campaigns_note
                    ),
                    agents_panel(view.agents, view.links.get("agents", "")),
                ]
            ),
            html.P(view.counts, className="counts dim", id="overview-counts"),
        ],
        className="stack",
    )
