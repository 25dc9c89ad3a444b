"""The drawer of one campaign: whether it may spend, how much, what it brought in, its parts."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html

from budget.errors import NoSuchRule
from budget.overrides import campaign_rule
from config.money import usd_text
from config.rules import UNATTRIBUTED, Dimension
from dashboard import formats
from dashboard.books import books
from dashboard.components.basics import change, money, status_badge
from dashboard.components.breakdown import calls_table, part, share_list
from dashboard.components.cards import more_link, stat, stats
from dashboard.components.limit_form import limit_form, source_words
from dashboard.components.overlays import button
from dashboard.components.states import note
from dashboard.context import PREFIX, who
from dashboard.drawers import Filled
from dashboard.pages.campaigns.table import budget_bar, grown, roi_figure
from dashboard.rule_rows import row_of
from dashboard.services import Services
from dashboard.state import View
from insights.books import Books
from insights.campaigns import CampaignDetail, CampaignRow, campaign_detail
from insights.period import Period
from insights.rules import RuleRow

SECTION: Final = "campaigns"
CALLS_SHOWN: Final = 10
ACTS: Final = {
    "active": ("Activate", "play"),
    "paused": ("Pause", "pause"),
    "completed": ("Complete", "completed"),
}


async def fill(services: Services, period: Period, name: str) -> Filled:
    """Title and content of the drawer."""
    now = books(services)
    found = await campaign_detail(now, period, name)
    row = await budget_row(now, found.row.name)
    may_change = who().role == "admin"
    told = "Unattributed" if found.row.campaign == UNATTRIBUTED else found.row.name
    title = html.Span([told, status_badge(found.row.status)], className="drawer-name")
    return title, _inside(found, row, now, period, may_change=may_change)


async def budget_row(now: Books, name: str) -> RuleRow | None:
    """The row of the rule that gives this campaign its budget; None without such a rule."""
    try:
        rule = campaign_rule(now.loaded.rules)
    except NoSuchRule:
        return None
    return await row_of(now, rule.name, ((Dimension.CAMPAIGN, name),))


def _inside(
    found: CampaignDetail, row: RuleRow | None, now: Books, period: Period, *, may_change: bool
) -> Any:
    campaign = found.row
    calls = View("transactions").having("campaign", (campaign.name,)).href(PREFIX)
    zone = formats.zone(period.timezone)
    return html.Div(
        [
            _figures(campaign),
            *([_status(campaign)] if may_change and campaign.campaign != UNATTRIBUTED else []),
            part("Budget", _budget(campaign, row, now.now_ms, may_change=may_change)),
            *([part("Revenue", _revenue(campaign))] if may_change else []),
            part("Agents", share_list(found.agents, "agent")),
            part("Models", share_list(found.models, "model", "purple")),
            part(
                "Last calls",
                calls_table(
                    found.last_calls[:CALLS_SHOWN], zone, f"Last calls for {campaign.name}"
                ),
                more_link("All calls", calls),
            ),
        ],
        className="detail",
    )


def _figures(row: CampaignRow) -> Any:
    new = not row.before_nano and row.spent_nano > 0
    none = html.Span(formats.NONE, className="dim")
    return stats(
        [
            stat("In this time", money(row.spent_nano), change(grown(row), "vs before", new=new)),
            stat("All time", money(row.total_nano), "charged"),
            stat("Calls", formats.integer(row.use.calls), f"{row.use.refused:,} refused"),
            stat("Revenue", none if row.revenue_nano is None else money(row.revenue_nano), ""),
            stat("ROI", roi_figure(row), "of all that was charged"),
            stat("Tokens", formats.compact(row.use.tokens), "in this time"),
        ]
    )


def _status(row: CampaignRow) -> Any:
    acts = [
        button(
            text,
            id={"type": f"{SECTION}-act", "status": status},
            kind="main" if status == "active" else "plain",
            icon_name=icon_name,
        )
        for status, (text, icon_name) in ACTS.items()
        if status != row.status
    ]
    words = (
        "Its calls pass."
        if row.status == "active"
        else f"It is {row.status}: every call for it is refused."
    )
    return html.Div(
        [
            dcc.Store(f"{SECTION}-of", data={"name": row.name, "status": row.status}),
            html.Span(words, className="dim"),
            html.Div(acts, className="actions"),
        ],
        className="row-head act-row",
    )


def _budget(row: CampaignRow, live: RuleRow | None, now_ms: int, *, may_change: bool) -> Any:
    if live is None:
        return note(
            [
                "No rule gives campaigns a budget of their own. Add one with ",
                html.Code("each: campaign"),
                " to budgets.rules.",
            ],
            "amber",
            "rules",
        )
    resets = f"resets {formats.ago(live.resets_ms, now_ms)}" if live.resets_ms else "never resets"
    return html.Div(
        [
            budget_bar(row, live),
            html.P(
                f"{live.rule.name}, by the {live.rule.window.value}, {resets}. "
                f"Limit from {source_words(live.source)}.",
                className="dim small",
            ),
            limit_form(SECTION, live, row.name, may_change=may_change),
        ],
        className="limit-form",
    )


def _revenue(row: CampaignRow) -> Any:
    return html.Div(
        [
            dmc.NumberInput(
                id=f"{SECTION}-revenue",
                label="What it has brought in",
                value="" if row.revenue_nano is None else usd_text(row.revenue_nano),
                min=0,
                prefix="$",
                thousandSeparator=",",
                allowNegative=False,
                clampBehavior="blur",
            ),
            button("Set revenue", id=f"{SECTION}-revenue-save", kind="plain"),
            dcc.Store(f"{SECTION}-revenue-of", data={"name": row.name}),
        ],
        className="form-line",
    )
