"""The section: how grave it is, what stands, and every threshold with where its budget is."""

import hashlib
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from config.rules import percent_text
from dashboard import formats
from dashboard.books import books
from dashboard.components.bars import progress
from dashboard.components.basics import Tone, badge, status_badge
from dashboard.components.cards import more_link, panel
from dashboard.components.limit_form import source_words
from dashboard.components.notices import Notice, notice_list
from dashboard.components.states import empty
from dashboard.components.tables import Column, data_table
from dashboard.context import PREFIX, Context
from dashboard.exports import TRANSACTIONS
from dashboard.icons import icon
from dashboard.pages.alerts.notices import notices
from dashboard.services import Services
from dashboard.state import View
from insights.alerts import FULL_MILLE, Alerts, Threshold, alerts
from insights.anomalies import Anomaly, anomalies
from insights.books import Books
from insights.outlook import observed_days
from insights.period import DAY_MS, local_day, period_of

TICK_MS: Final = 10_000
ROWS_MAX: Final = 60
UNUSUAL_DAYS: Final = 14
"""Days back in which a day that stands out is told."""
_COLUMNS: Final = (
    Column("budget", "Budget"),
    Column("now", "Spent now", numeric=True),
    Column("bar", "Of its limit", keep="tablet", grow=True),
    Column("at", "Thresholds"),
    Column("source", "Set in", keep="desk"),
)


async def layout(context: Context) -> Any:
    """The whole section."""
    told, found, at = await _looked(context.services)
    return [
        dcc.Interval({"type": "tick", "page": "alerts"}, interval=TICK_MS),
        dcc.Store("alerts-known", data=_digest(told, found)),
        html.Div(_content(told, found), id="alerts-content", className="stack"),
        _files(at),
        html.P(
            f"Seen at {formats.local(at.now_ms):%H:%M:%S} UTC; looked at every 10 s.",
            id="alerts-seen",
            className="dim figures",
        ),
    ]


def register(app: Dash, services: Services) -> None:
    """Draw the section anew when something has come or gone."""

    @app.callback(
        Output("alerts-content", "children"),
        Output("alerts-known", "data"),
        Output("alerts-seen", "children"),
        Input({"type": "tick", "page": "alerts"}, "n_intervals"),
        State("alerts-known", "data"),
        prevent_initial_call=True,
    )
    async def refresh(_ticks: Any, known: Any) -> Any:
        told, found, at = await _looked(services)
        now = _digest(told, found)
        if now == known:
            raise PreventUpdate
        seen = f"Changed at {formats.local(at.now_ms):%H:%M:%S} UTC; looked at every 10 s."
        return _content(told, found), now, seen


async def _looked(services: Services) -> tuple[list[Notice], Alerts, Books]:
    at = books(services)
    found = await alerts(at)
    standing = services.lifeline.standing
    unusual = await _unusual(at)
    zone = ZoneInfo(at.timezone)
    days = {one.start_ms: formats.day(one.start_ms, zone) for one in unusual}
    frozen = standing.frozen if standing is not None else ""
    return notices(found, services.problem(), frozen, unusual, at.now_ms, days), found, at


async def _unusual(at: Books) -> list[Anomaly]:
    if at.primary is None:
        return []
    days = await observed_days(at.ledger, at.primary, at.now_ms)
    since = at.now_ms - UNUSUAL_DAYS * DAY_MS
    return [one for one in reversed(anomalies(days)) if one.end_ms >= since]


def _files(at: Books) -> html.Section:
    """What there is to take away."""
    this = period_of("this_month", at.timezone, at.now_ms)
    first = local_day(this.start_ms, at.timezone)
    before = first - timedelta(days=1)
    months = (
        (f"{first:%B %Y}, so far", ""),
        (f"{before:%B %Y}", f"?from={before.replace(day=1)}&to={before}"),
    )
    links = [
        html.A(
            [icon("export"), html.Span(name)],
            href=f"{TRANSACTIONS}{query}",
            download=True,
            className="button quiet",
        )
        for name, query in months
    ]
    return panel(
        "Take it with you",
        html.Div(links, className="toolbar"),
        note="every ledger entry of a month as CSV; other times and filters: Transactions",
        tone="cyan",
    )


def _digest(told: list[Notice], found: Alerts) -> str:
    """Of what is shown but for how long ago it was."""
    facts = [(n.weight, n.title, str(n.says), n.about) for n in told]
    return hashlib.blake2b(repr((facts, found.thresholds)).encode(), digest_size=8).hexdigest()


def _content(told: list[Notice], found: Alerts) -> list[Any]:
    return [_hero(told), _standing(told), _thresholds(found.thresholds)]


def _hero(told: list[Notice]) -> html.Div:
    counts = {weight: sum(n.weight == weight for n in told) for weight in ("alarm", "attention")}
    tone: Tone = "red" if counts["alarm"] else "amber" if counts["attention"] else "green"
    name = {"red": "danger", "amber": "warning", "green": "ok"}[tone]
    if tone == "green":
        says, more = "Nothing needs you", "no threshold is crossed, no call was refused"
    else:
        says = "Look at this now" if counts["alarm"] else "Worth a look"
        more = ", ".join(
            part
            for part in (
                formats.count(counts["alarm"], "alarm") if counts["alarm"] else "",
                f"{counts['attention']} to look at" if counts["attention"] else "",
            )
            if part
        )
    return html.Div(
        html.Div(
            [
                html.Span(icon(name), className="hero-mark"),
                html.Div([html.H2(says), html.P(more)]),
            ],
            className=f"hero tone-{tone}",
            role="status",
        ),
        className="glass hero-row",
    )


def _standing(told: list[Notice]) -> html.Section:
    if not told:
        nothing = empty(
            "All quiet",
            "Here stand crossed thresholds, refused calls, calls that cost more than was held, "
            "days out of the ordinary, and a configuration that cannot be used.",
            icon_name="alerts",
        )
        return panel("What stands now", nothing, tone="green")
    return panel("What stands now", notice_list(told), tone="amber", note=str(len(told)))


def _thresholds(found: tuple[Threshold, ...]) -> html.Section:
    aside = more_link("Budget rules", f"{PREFIX}rules")
    if not found:
        nothing = empty(
            "No threshold is set",
            "Set alerts of a rule under Budget rules, or give it alert_at: [0.8, 1.0] in the "
            "configuration, and it is watched here.",
            icon_name="rules",
        )
        return panel("Thresholds", nothing, aside, tone="purple")
    budgets: dict[tuple[str, str], list[Threshold]] = {}
    for one in found:
        budgets.setdefault((one.rule, one.value_name), []).append(one)
    fullest = sorted(budgets.values(), key=lambda these: -(these[0].level_mille or 0))
    rows = [_row(these) for these in fullest[:ROWS_MAX]]
    note = f"{sum(one.crossed for one in found)} of {len(found)} crossed"
    if len(fullest) > ROWS_MAX:
        note += f"; the fullest {ROWS_MAX} budgets are shown"
    table = data_table(_COLUMNS, rows, caption="Alert thresholds")
    return panel("Thresholds", table, aside, tone="purple", note=note)


def _row(these: list[Threshold]) -> dict[str, Any]:
    """One budget with its thresholds."""
    one = these[0]
    name = f"{one.rule} · {one.value_name}" if one.value_name else one.rule
    level = one.level_mille
    return {
        "budget": html.A(
            name, href=View("rules").opening(one.rule, PREFIX), className="row-link row-name"
        ),
        "now": formats.percent(level),
        "bar": progress(level, f"{name}: spent") if level is not None else None,
        "at": html.Span(
            [_mark(each) for each in sorted(these, key=lambda each: each.at_mille)],
            className="marks",
        ),
        "source": html.Span(source_words(one.source), className="dim", title=one.source.text),
    }


def _mark(one: Threshold) -> html.Span:
    text = percent_text(one.at_mille)
    if not one.crossed:
        return badge([text, html.Span(" not reached", className="spoken")])
    return status_badge("red" if one.at_mille >= FULL_MILLE else "yellow", f"{text} crossed")
