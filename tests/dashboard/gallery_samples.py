"""Believable values for the gallery: one month, half spent, with a spike and a raised limit."""

from typing import Any

from dash import html

from dashboard.components.basics import status_badge
from dashboard.components.cards import panel
from dashboard.components.controls import LimitIds, LimitView, limit_control
from dashboard.components.overview import Agent, Campaign, Figure, Overview
from dashboard.figures_data import BurnUp, Mark

USD = 1_000_000_000
DAY = 86_400_000
START = 1_793_491_200_000
"""1 November 2026, UTC."""
NOW = START + 21 * DAY + 13 * 3_600_000
COSTS = (12, 34, 32, 30, 36, 19, 13, 9, 34, 26, 20, 17, 12, 68, 9, 30, 26, 31, 28, 33, 13, 18)


def course(*values: int) -> list[int]:
    return list(values)


def burn() -> BurnUp:
    spent, total = [(START, 0)], 0
    for i, cost in enumerate(COSTS):
        total += cost * USD * 1021 // 1000
        spent.append((min(START + (i + 1) * DAY, NOW), total))
    return BurnUp(
        start_ms=START,
        end_ms=START + 30 * DAY,
        spent=spent,
        limits=[(START - DAY, 800 * USD), (START + 7 * DAY, 1_000 * USD)],
        forecast=(769 * USD, 735 * USD, 802 * USD),
        anomalies=[Mark(START + 14 * DAY, 369 * USD, "holiday-2024 spent 4.1 times its usual")],
    )


IDS = LimitIds(
    slider="limit-slider",
    number="limit-number",
    reason="limit-reason",
    save="limit-save",
    undo="limit-undo",
    scope="limit-scope",
    preview="limit-preview",
    origin="limit-origin",
    bar="limit-bar",
)

LIMIT = LimitView(
    label="Limit for November",
    limit_nano=1_000 * USD,
    spent_nano=561_530_000_000,
    held_nano=14_530_000_000,
    version=3,
    origin="Override by mara, 8 Nov",
)

CAMPAIGNS = [
    Campaign("holiday-2024", "active", 238_400_000_000, 250 * USD, 4 * USD),
    Campaign("spring-relaunch", "active", 164_200_000_000, 300 * USD, 9 * USD),
    Campaign("newsletter-q4", "active", 148_800_000_000, 120 * USD),
    Campaign("brand-refresh", "completed", 61_300_000_000, 250 * USD),
    Campaign("lookalike-test", "paused", 28_100_000_000, 100 * USD),
    Campaign("unattributed", "", 12_600_000_000, None),
]

AGENTS = [
    Agent("CONTENT", 176_200_000_000, 314, 146_000_000, 124),
    Agent("DESIGN", 121_700_000_000, 217, 314_000_000, 310),
    Agent("AD", 98_400_000_000, 175, 138_000_000, -60),
    Agent("INSIGHT", 74_100_000_000, 132, 184_000_000, 41),
    Agent("EMAIL", 58_900_000_000, 105, 90_000_000, -180),
    Agent("SEO", 41_500_000_000, 74, 82_000_000, 22),
    Agent("SUPPORT", 33_700_000_000, 60, 41_000_000, 0),
    Agent("unattributed", 12_600_000_000, 22, None, 440),
]

LINKS = {
    name: f"/admin/budget/{name}"
    for name in ("rules", "transactions", "health", "agents", "campaigns", "rates")
}


VERSUS = "vs. Oct"
MONEY = (
    Figure(
        "overview-left",
        "Budget left",
        "$423.94",
        "budget",
        "cyan",
        "of $1,000.00 · resets in 8 days",
        status=("green", None),
        course=course(99, 94, 92, 88, 85, 80, 78, 75, 70, 66, 61, 55, 50, 42),
        href=LINKS["rules"],
    ),
    Figure(
        "overview-spent",
        "Spent this month",
        "$561.53",
        "spent",
        "purple",
        "56.1% used",
        changed=(124, VERSUS),
        course=course(*COSTS),
        href=LINKS["transactions"],
    ),
    Figure(
        "overview-held",
        "Held in flight",
        "$14.53",
        "held",
        "amber",
        "24 calls · oldest 6 s",
        changed=(-31, VERSUS),
        course=course(9, 12, 11, 18, 14, 15, 13, 16, 12, 9, 11, 14),
        href=LINKS["health"],
        held=True,
    ),
    Figure(
        "overview-projected",
        "Projected, 30 Nov",
        "$769.00",
        "forecast",
        "green",
        "$735.00 to $802.00, 80 %",
        status=("green", "does not run out"),
        course=course(70, 72, 69, 74, 80, 77, 75, 76, 77),
        href=LINKS["agents"],
    ),
)
TRAFFIC = (
    Figure(
        "overview-requests",
        "Requests",
        "48,312",
        "requests",
        "cyan",
        "2,276 today",
        changed=(87, VERSUS),
        more_is_good=True,
        course=course(4, 5, 4, 6, 7, 6, 8, 7, 9),
        href=LINKS["transactions"],
    ),
    Figure(
        "overview-refused",
        "Refused",
        "37",
        "refused",
        "red",
        "content-daily, 31 of them",
        changed=(440, VERSUS),
        course=course(0, 0, 0, 2, 0, 0, 12, 4, 19),
        href=LINKS["rules"],
    ),
    Figure(
        "overview-tokens",
        "Tokens",
        "14M",
        "tokens",
        "purple",
        "11.2M in · 2.84M out",
        changed=(-63, VERSUS),
        course=course(9, 8, 9, 7, 8, 6, 7, 6, 6),
        href=LINKS["agents"],
    ),
    Figure(
        "overview-savings",
        "Saved by cache",
        "$38.12",
        "savings",
        "green",
        "31% of input was cached",
        changed=(212, VERSUS),
        more_is_good=True,
        course=course(2, 3, 3, 4, 5, 5, 6, 7, 8),
        href=LINKS["rates"],
    ),
)


def overview_sample() -> Overview:
    return Overview(
        status="green",
        money=MONEY,
        traffic=TRAFFIC,
        counts="Counts all calls of this month (UTC) at agent rates.",
        burn=burn(),
        burn_note="monthly, November",
        campaigns=CAMPAIGNS,
        campaigns_note="against the month's budget of each",
        agents=AGENTS,
        links=LINKS,
    )


def limit_sample(tools: Any = None) -> html.Section:
    words = "Would not run out this month. $423.94 left, nothing would be refused now."
    control = limit_control(LIMIT, IDS, consequence=words, tone="green", tools=tools)
    return panel("Budget", control, status_badge("green"), tone="purple")
