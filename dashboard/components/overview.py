"""The overview composed of the pieces: cards, burn-up beside the limit, campaigns, agents.

Amounts are integer nano-dollars, shares and changes thousandths, moments milliseconds UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard import formats
from dashboard.components.bars import agent_row, campaign_row, meter, spent_of_limit
from dashboard.components.basics import Tone, change, legend, money, status_badge
from dashboard.components.cards import card, cards, columns, more_link, panel
from dashboard.components.controls import LimitIds, LimitView, limit_control
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
    """One figure of a card: its value, its change against the period before, its course."""

    value: int
    changed: int | None = None
    course: Sequence[int] = ()
    context: str = ""


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
    """All that the overview shows. `versus` names the period that changes are against."""

    status: str
    versus: str
    period: str
    left: Figure
    spent: Figure
    held: Figure
    projected: Figure
    runs_out: str
    requests: Figure
    refused: Figure
    tokens: Figure
    saved: Figure
    burn: BurnUp
    limit: LimitView
    consequence: str
    consequence_tone: Tone
    campaigns: Sequence[Campaign]
    agents: Sequence[Agent]
    links: dict[str, str]


def money_cards(view: Overview) -> html.Div:
    """The four figures that say whether money is safe."""
    alarm: Tone = "red" if view.status in ("red", "refusing") else "cyan"
    late = view.runs_out != ""
    return cards(
        [
            card(
                "Budget left",
                formats.money(view.left.value),
                icon_name="budget",
                context=view.left.context,
                status=status_badge(view.status),
                trend=view.left.course,
                href=view.links.get("rules", ""),
                tone=alarm,
                id="card-left",
            ),
            card(
                f"Spent {view.period}",
                formats.money(view.spent.value),
                icon_name="spent",
                context=view.spent.context,
                changed=change(view.spent.changed, view.versus),
                trend=view.spent.course,
                href=view.links.get("transactions", ""),
                tone="purple",
                id="card-spent",
            ),
            card(
                "Held in flight",
                formats.money(view.held.value),
                icon_name="held",
                context=view.held.context,
                changed=change(view.held.changed, view.versus),
                trend=view.held.course,
                href=view.links.get("health", ""),
                tone="amber",
                held=True,
                id="card-held",
            ),
            card(
                view.projected.context.partition(" · ")[0] or "Projected",
                formats.money(view.projected.value) if view.projected.value else formats.NONE,
                icon_name="forecast",
                context=view.projected.context.partition(" · ")[2],
                status=status_badge(
                    "yellow" if late else "green", view.runs_out or "does not run out"
                ),
                trend=view.projected.course,
                href=view.links.get("agents", ""),
                tone="amber" if late else "green",
                id="card-projected",
            ),
        ]
    )


def traffic_cards(view: Overview) -> html.Div:
    """The four figures that say what is going on."""
    refusing: Tone = "red" if view.refused.value else "grey"
    rows: list[tuple[str, str, str, Figure, Tone, bool, str]] = [
        (
            "Requests",
            "requests",
            formats.integer(view.requests.value),
            view.requests,
            "cyan",
            True,
            "transactions",
        ),
        (
            "Refused",
            "refused",
            formats.integer(view.refused.value),
            view.refused,
            refusing,
            False,
            "rules",
        ),
        (
            "Tokens",
            "tokens",
            formats.compact(view.tokens.value),
            view.tokens,
            "purple",
            False,
            "agents",
        ),
        (
            "Saved by cache",
            "savings",
            formats.money(view.saved.value),
            view.saved,
            "green",
            True,
            "rates",
        ),
    ]
    return cards(
        [
            card(
                name,
                text,
                icon_name=icon_name,
                context=figure.context,
                changed=change(figure.changed, view.versus, more_is_good=good),
                trend=figure.course,
                href=view.links.get(link, ""),
                tone=tone,
                id=f"card-{icon_name}",
            )
            for name, icon_name, text, figure, tone, good, link in rows
        ]
    )


def burn_panel(data: BurnUp, graph: Any = None) -> html.Section:
    """The burn-up: drawn by the server; `graph` is laid over it once it has been drawn."""
    chart = html.Div(
        [html.Div(quick_burn_up(data), id="burn-quick"), *([graph] if graph is not None else [])],
        className="chart burn",
    )
    return panel("Burn-up", chart, legend(BURN_LEGEND), tone="cyan", id="burn-up")


def campaigns_panel(campaigns: Sequence[Campaign], href: str) -> html.Section:
    """Campaigns by spend, each against its budget."""
    if not campaigns:
        nothing = empty(
            "No campaign has spent yet",
            "Send X-Campaign-Id with your calls, and each campaign gets a line here.",
            icon_name="campaigns",
        )
        return panel("Campaigns", nothing, tone="purple")
    rows = [
        campaign_row(
            c.name,
            status_badge(c.status) if c.status else None,
            spent_of_limit(
                c.spent_nano,
                c.budget_nano,
                held_nano=c.held_nano,
                label=f"{c.name}: spent of budget",
            ),
            href=f"{href}/{c.name}" if href else "",
        )
        for c in campaigns
    ]
    aside = more_link("All campaigns", href) if href else None
    return panel("Campaigns", html.Ul(rows, className="rows"), aside, tone="purple")


AGENT_COLUMNS = (
    Column("agent", "Agent", sortable=True),
    Column("bar", "Share", keep="tablet", grow=True),
    Column("spent", "Spent", numeric=True, sortable=True),
    Column("each", "Per execution", numeric=True, keep="tablet"),
    Column("trend", "Trend", numeric=True),
)


def agents_panel(agents: Sequence[Agent], href: str, by: Sorted | None = None) -> html.Section:
    """Agent types by spend, the unattributed among them."""
    largest = max((a.share for a in agents), default=0)
    rows = [
        {
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
            "trend": change(a.changed),
        }
        for a in agents
    ]
    table = data_table(
        AGENT_COLUMNS, rows, caption="Agents by spend", table="agents", by=by, fill=True
    )
    aside = more_link("All agents", href) if href else None
    nothing = empty(
        "No calls in this time",
        "Choose a longer time, or send a call through the proxy.",
        icon_name="agents",
    )
    return panel("Agents", table if agents else nothing, aside, tone="cyan")


def overview(view: Overview, ids: LimitIds, graph: Any = None, tools: Any = None) -> html.Div:
    """The overview in full; `graph` lies over the drawn chart, `tools` stand below the limit."""
    limit = panel(
        "Budget",
        limit_control(
            view.limit, ids, consequence=view.consequence, tone=view.consequence_tone, tools=tools
        ),
        status_badge(view.status),
        tone="purple",
    )
    return html.Div(
        [
            money_cards(view),
            columns([burn_panel(view.burn, graph), limit], "wide-left"),
            traffic_cards(view),
            columns(
                [
                    campaigns_panel(view.campaigns, view.links.get("campaigns", "")),
                    agents_panel(view.agents, view.links.get("agents", ""), Sorted("spent")),
                ]
            ),
        ],
        className="stack",
    )
