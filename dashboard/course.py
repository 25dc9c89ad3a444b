"""The course of spend, stacked by agent, campaign, model, endpoint or key; also as a table.

Agents and Campaigns show it as they are; the overview where it is asked for.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, cast

from dash import html

from dashboard import formats
from dashboard.components.basics import agent_name, legend, money
from dashboard.components.cards import panel
from dashboard.components.stacked import stacked
from dashboard.components.states import empty
from dashboard.components.tables import Column, data_table
from dashboard.context import PREFIX
from dashboard.links import stay
from dashboard.state import View
from insights.books import Books
from insights.period import Period
from storage.holds import Interval
from storage.names import campaign_names
from storage.usage import By, Scope, series_by

SERIES_MAX: Final = 6
"""Beside them all others are one."""
SHORT_HOURS: Final = 26
"""Up to so many hours their day is plain."""
TABLE_ROWS_MAX: Final = 124
OTHERS: Final = "Others"
GROUPS: Final = {
    "agent": "Agent",
    "campaign": "Campaign",
    "model": "Model",
    "endpoint": "Endpoint",
    "key": "Key",
}


@dataclass(frozen=True, slots=True)
class Course:
    """Spend by bucket and name, nano-dollars; dearest first, `Others` last."""

    by: str
    buckets: tuple[Interval, ...]
    series: dict[str, list[int]]
    others: int
    """How many names `Others` sums up."""


def group_of(view: View, usual: str) -> str:
    """By what a view stacks the course where a section's `usual` is another."""
    return view.group_by if view.group_by in GROUPS else usual


async def course(books: Books, period: Period, by: str, scope: Scope) -> Course:
    """What the scope spent by a name of `GROUPS`, in the buckets that have begun."""
    buckets = tuple(b for b in period.buckets if b.start_ms <= books.now_ms) or period.buckets[:1]
    measure = f"{books.counts.value}_nano"
    summed = await series_by(books.ledger, cast("By", by), buckets, measure, scope)
    names = await campaign_names(books.ledger) if by == "campaign" else {}
    dearest = sorted((n for n in summed if any(summed[n])), key=lambda n: (-sum(summed[n]), n))
    first, rest = dearest[:SERIES_MAX], dearest[SERIES_MAX:]
    if len(rest) == 1:
        first, rest = dearest, []
    series = {_name(by, names.get(n, n)): summed[n] for n in first}
    if rest:
        series[OTHERS] = [sum(at) for at in zip(*(summed[n] for n in rest), strict=True)]
    return Course(by, buckets, series, len(rest))


def _name(by: str, name: str) -> str:
    return agent_name(name) if by == "agent" else name or "none"


def panel_of(
    found: Course, view: View, period: Period, *, section: str, usual: str = "", note: str = ""
) -> Any:
    """The chart with its legend, what it is stacked by, and the same as a table. A choice of the
    `usual` group leaves the address as it is without one."""
    steps = {"hour": "hour", "day": "day", "week": "week", "month": "month"}
    title = f"Spend by {steps[period.granularity]}"
    if not found.series:
        nothing = empty(
            "Nothing was spent in this time",
            "Choose a longer time, or lift a filter.",
            icon_name="spent",
        )
        return panel(title, nothing, _groups(found.by, view, usual), tone="cyan", note=note)
    zone = formats.zone(period.timezone)
    hourly = period.granularity == "hour"
    short = hourly and len(found.buckets) <= SHORT_HOURS
    names = [
        f"{formats.local(bucket.start_ms, zone):%H:%M}"
        if short
        else formats.bucket(bucket.start_ms, zone, hourly=hourly)
        for bucket in found.buckets
    ]
    keys = legend([(f"s{min(i, SERIES_MAX)}", name) for i, name in enumerate(found.series)])
    drawn = stacked(names, found.series, _spoken(found))
    return panel(
        title,
        [
            html.Div(drawn, className="chart-sized"),
            html.Div([keys, _as_table(found, view, period)], className="chart-foot"),
        ],
        _groups(found.by, view, usual),
        tone="cyan",
        note=note,
        id=f"{section}-course",
    )


def _spoken(found: Course) -> str:
    parts = ", ".join(f"{name} {formats.money(sum(s))}" for name, s in found.series.items())
    return f"Spend stacked by {GROUPS[found.by].lower()}: {parts}. The table below has it all."


def _groups(by: str, view: View, usual: str) -> Any:
    links = [
        stay(
            text,
            replace(view, group_by="none" if name == usual else name).href(PREFIX),
            className="on" if name == by else "",
        )
        for name, text in GROUPS.items()
    ]
    return html.Div(links, className="periods", role="group", **{"aria-label": "Stacked by"})


def _as_table(found: Course, view: View, period: Period) -> Any:
    summary = html.Summary("As a table", className="more")
    if len(found.buckets) > TABLE_ROWS_MAX:
        by_day = replace(view, granularity="day").href(PREFIX)
        text = html.P(
            [f"{len(found.buckets)} rows are too many to read. ", stay("By days", by_day)],
            className="dim",
        )
        return html.Details([summary, text], className="as-table")
    zone = formats.zone(period.timezone)
    names = list(found.series)
    columns = (
        Column("when", "From"),
        *(Column(str(i), name, numeric=True) for i, name in enumerate(names)),
        Column("total", "Total", numeric=True),
    )
    rows = [
        {
            "when": formats.bucket(bucket.start_ms, zone, hourly=period.granularity == "hour"),
            **{str(i): money(found.series[name][at]) for i, name in enumerate(names)},
            "total": money(sum(amounts[at] for amounts in found.series.values())),
        }
        for at, bucket in enumerate(found.buckets)
    ]
    total = {
        "when": "All",
        **{str(i): money(sum(found.series[name])) for i, name in enumerate(names)},
        "total": money(sum(sum(amounts) for amounts in found.series.values())),
    }
    table = data_table(columns, rows, caption="Spend over time", table="course", total=total)
    return html.Details([summary, table], className="as-table")
