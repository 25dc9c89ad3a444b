"""Believable values for the gallery: one month, half spent, with a spike and a raised limit."""

from dashboard.components.controls import LimitIds, LimitView
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


def overview_sample() -> Overview:
    return Overview(
        status="green",
        versus="vs. Oct",
        period="this month",
        left=Figure(
            423_940_000_000,
            course=course(99, 94, 92, 88, 85, 80, 78, 75, 70, 66, 61, 55, 50, 42),
            context="of $1,000.00 · resets in 8 days",
        ),
        spent=Figure(561_530_000_000, 124, course(*COSTS), "56.1% used"),
        held=Figure(
            14_530_000_000,
            -31,
            course(9, 12, 11, 18, 14, 15, 13, 16, 12, 9, 11, 14),
            "24 calls · oldest 6 s",
        ),
        projected=Figure(
            769_000_000_000,
            None,
            course(70, 72, 69, 74, 80, 77, 75, 76, 77),
            "Projected, 30 Nov · $735.00 to $802.00, 80 %",
        ),
        runs_out="",
        requests=Figure(48_312, 87, course(4, 5, 4, 6, 7, 6, 8, 7, 9), "2,276 today"),
        refused=Figure(37, 440, course(0, 0, 0, 2, 0, 0, 12, 4, 19), "content-daily, 31 of them"),
        tokens=Figure(14_038_250, -63, course(9, 8, 9, 7, 8, 6, 7, 6, 6), "11.2M in · 2.84M out"),
        saved=Figure(
            38_120_000_000, 212, course(2, 3, 3, 4, 5, 5, 6, 7, 8), "31% of input was cached"
        ),
        burn=burn(),
        limit=LIMIT,
        consequence="Would not run out this month. $423.94 left, nothing would be refused now.",
        consequence_tone="green",
        campaigns=CAMPAIGNS,
        agents=AGENTS,
        links=LINKS,
    )
