"""The table of campaigns: status, spend against budget, revenue and return."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from dash import html

from config.rules import UNATTRIBUTED, fold
from dashboard import formats
from dashboard.components.bars import spent_of_limit
from dashboard.components.basics import change, money, status_badge
from dashboard.components.cards import stat, stats
from dashboard.components.states import empty
from dashboard.components.tables import Column, Sorted, data_table, sorted_of
from dashboard.context import PREFIX
from dashboard.links import opens, stay
from dashboard.live_cells import Slot, Slots, slot
from dashboard.state import View
from insights.campaigns import CampaignRow, Campaigns
from insights.rules import RuleRow

SECTION: Final = "campaigns"
TOP: Final = 12
ROWS_MAX: Final = 300
COLUMNS: Final = (
    Column("campaign", "Campaign", sortable=True),
    Column("budget", "Spent of budget", sortable=True, grow=True),
    Column("spent", "In this time", numeric=True, sortable=True, keep="tablet"),
    Column("trend", "Trend", numeric=True, sortable=True, keep="desk"),
    Column("total", "All time", numeric=True, sortable=True, keep="desk"),
    Column("revenue", "Revenue", numeric=True, sortable=True, keep="tablet"),
    Column("roi", "ROI", numeric=True, sortable=True, keep="tablet"),
)
FIGURES: Final = tuple(column.key for column in COLUMNS[1:])
Live = Mapping[str, RuleRow]
"""The row of the budget rule of each campaign, by folded name."""
_KEYS: Final[dict[str, Callable[[CampaignRow], Any]]] = {
    "campaign": lambda row: row.campaign,
    "budget": lambda row: row.utilisation_mille or 0,
    "spent": lambda row: row.spent_nano,
    "trend": lambda row: grown(row) or 0,
    "total": lambda row: row.total_nano,
    "revenue": lambda row: row.revenue_nano or 0,
    "roi": lambda row: -(10**12) if row.roi_mille is None else row.roi_mille,
}


def live_of(rules: tuple[RuleRow, ...], found: Campaigns) -> Live:
    """Of all rules' rows those by which campaigns have budgets."""
    name = next((row.budget_rule for row in found.rows if row.budget_rule), None)
    rows = [row for row in rules if row.rule.name == name and row.value]
    return {fold(row.value_name): row for row in rows}


def grown(row: CampaignRow) -> int | None:
    """By how much more it spent than in the period before, per mille."""
    return formats.per_mille(row.spent_nano - row.before_nano, row.before_nano)


def left(found: Campaigns, view: View) -> list[CampaignRow]:
    """The campaigns that the filters by name and status leave, dearest first."""
    statuses = view.filters.get("status", ())
    return [row for row in _named(found, view) if not statuses or row.status in statuses]


def _named(found: Campaigns, view: View) -> list[CampaignRow]:
    asked = {fold(value) for value in view.filters.get("campaign", ())}
    return [row for row in found.rows if not asked or row.campaign in asked]


def chosen(found: Campaigns, view: View) -> tuple[list[CampaignRow], int]:
    """The rows shown in their order, and how many there are."""
    rows = left(found, view)
    shown = rows[: ROWS_MAX if view.every else TOP]
    by = sorted_of(view.sort, COLUMNS)
    if by is not None:
        shown = sorted(shown, key=_KEYS[by.key], reverse=by.descending)
    return shown, len(rows)


def budget_bar(row: CampaignRow, live: RuleRow | None) -> Any:
    """What it has spent of its budget; of a live rule's counters, else of the ledger."""
    spent, held = row.budget_spent_nano, 0
    if live is not None and live.live:
        spent, held = live.posted_nano, live.held_nano
    return spent_of_limit(
        spent, row.budget_nano, held_nano=held, label=f"{row.name}: spent of budget"
    )


def budgets_words(live: Live, now_ms: int) -> str:
    """By what campaigns have budgets: `budgets by per-campaign, each day, anew in 5 h`."""
    row = next(iter(live.values()), None)
    if row is None:
        return "by what they spent"
    span = "for good" if row.rule.window.value == "total" else f"each {row.rule.window.value}"
    anew = f", anew {formats.ago(row.resets_ms, now_ms)}" if row.resets_ms else ""
    return f"budgets by {row.rule.name}, {span}{anew}"


def slots(found: Campaigns, live: Live, view: View) -> Slots:
    """Every live figure, by `<campaign>.<column>`."""
    made: dict[str, Slot] = {}
    for row in chosen(found, view)[0]:
        made.update(
            (f"{row.campaign}.{name}", one)
            for name, one in _of_row(row, live.get(row.campaign)).items()
        )
    return made


def _of_row(row: CampaignRow, live: RuleRow | None) -> dict[str, Slot]:
    more = grown(row)
    new = not row.before_nano and row.spent_nano > 0
    posted = (live.posted_nano, live.held_nano) if live else ()
    revenue, roi = row.revenue_nano, roi_words(row)
    none = html.Span(formats.NONE, className="dim")
    return {
        "status": Slot(row.status, status_badge(row.status)),
        "budget": Slot(
            f"{row.budget_spent_nano}/{row.budget_nano}/{posted}", budget_bar(row, live)
        ),
        "spent": Slot(formats.money(row.spent_nano), money(row.spent_nano)),
        "trend": Slot(f"{more}{new}", none if more is None and not new else change(more, new=new)),
        "total": Slot(formats.money(row.total_nano), money(row.total_nano, dim=True)),
        "revenue": Slot(str(revenue), none if revenue is None else money(revenue)),
        "roi": Slot(roi, roi_figure(row)),
    }


def roi_words(row: CampaignRow) -> str:
    """The return with its sign: `+124%`; a dash without revenue."""
    if row.roi_mille is None:
        return formats.NONE
    sign = "+" if row.roi_mille > 0 else ""
    return f"{sign}{formats.percent(row.roi_mille)}"


def roi_figure(row: CampaignRow) -> html.Span:
    """The same, toned; the sign says it without."""
    if row.roi_mille is None:
        return html.Span(formats.NONE, className="dim")
    tone = "green" if row.roi_mille >= 0 else "red"
    return html.Span(roi_words(row), className=f"figures tint tone-{tone}")


def summary(found: Campaigns, view: View) -> Any:
    """How many there are of each status, and how many are over their budget."""
    named = _named(found, view)
    shown = [row for row in named if row.campaign != UNATTRIBUTED]
    over = [row for row in shown if (row.utilisation_mille or 0) >= 1_000]
    near = [row for row in shown if 800 <= (row.utilisation_mille or 0) < 1_000]
    items = []
    for status, words in (
        ("active", "calls pass"),
        ("paused", "calls are refused"),
        ("completed", "calls are refused"),
    ):
        number = sum(1 for row in shown if row.status == status)
        on = view.filters.get("status", ()) == (status,)
        there = view.having("status", () if on else (status,)).href(PREFIX)
        figure = stay(
            formats.integer(number),
            there,
            **{"aria-label": f"Show the {number} {status} campaigns"},
        )
        items.append(stat(status.capitalize(), figure, words))
    items.append(
        stat(
            "Budget spent",
            formats.integer(len(over)),
            f"{len(near)} more near it",
            "red" if over else "grey",
        )
    )
    items.append(stat("Spent", money(sum(row.spent_nano for row in named)), "in this time"))
    return stats(items)


def body(found: Campaigns, view: View, made: Slots) -> Any:
    """The table, or what to do where there is no campaign."""
    shown, _number = chosen(found, view)
    if not shown:
        return empty(
            "No campaign here",
            "Send X-Campaign-Id with your calls, choose a longer time, or lift a filter.",
            icon_name="campaigns",
        )
    return data_table(
        COLUMNS,
        [_row(row, view, made) for row in shown],
        caption="Campaigns by spend",
        table=SECTION,
        by=sorted_of(view.sort, COLUMNS) or Sorted("spent"),
        sort_href=lambda text: replace(view, sort=text).href(PREFIX),
    )


def _row(row: CampaignRow, view: View, made: Slots) -> dict[str, Any]:
    lone = row.campaign == UNATTRIBUTED
    name = opens(
        "Unattributed" if lone else row.name,
        view.opening(row.name, PREFIX),
        section=SECTION,
        name=row.name,
        className="row-link tint tone-amber" if lone else "row-link",
        title=row.name,
    )
    key = row.campaign
    head = html.Span([name, slot(SECTION, f"{key}.status", made)], className="campaign-cell")
    return {"campaign": head, **{c: slot(SECTION, f"{key}.{c}", made) for c in FIGURES}}


def top_or_all(found: Campaigns, view: View) -> Any:
    """The choice between the first few and all; nothing where that is the same."""
    number = chosen(found, view)[1]
    if number <= TOP:
        return None
    links = [
        stay(text, replace(view, every=every).href(PREFIX), className="on" if on else "")
        for text, every, on in (
            (f"Top {TOP}", False, not view.every),
            (f"All {number}" if number <= ROWS_MAX else f"Top {ROWS_MAX}", True, view.every),
        )
    ]
    return html.Div(links, className="periods", role="group", **{"aria-label": "How many"})
