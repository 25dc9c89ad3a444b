"""The drawer of one rule or value: how it stands, where its limit comes from, and its form."""

from collections.abc import Iterator, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from config.money import usd_text
from config.rules import DIMENSIONS
from dashboard import formats
from dashboard.books import books
from dashboard.components.bars import spent_of_limit
from dashboard.components.basics import audit_line, badge, key_values, money
from dashboard.components.breakdown import part
from dashboard.components.cards import stat, stats
from dashboard.components.limit_form import limit_form, source_facts
from dashboard.components.overlays import button
from dashboard.components.states import empty
from dashboard.components.threshold_form import listed, thresholds
from dashboard.context import who
from dashboard.drawers import Filled
from dashboard.pages.rules.table import SECTION, value_words, words_of
from dashboard.rule_rows import history, name_of, row_named
from dashboard.services import Services
from insights.books import Books
from insights.rules import RuleRow
from storage.override_history import Made
from storage.thresholds import Thresholds, changes

CHANGES = f"{SECTION}-changes"
HISTORY_SHOWN = 12


async def fill(services: Services, name: str) -> Filled:
    """Title and content of the drawer."""
    now = books(services)
    row = await row_named(now, name)
    if row is None:
        nothing = empty(
            "There is no such rule",
            "It may have been renamed or taken out of the configuration file.",
            icon_name="rules",
        )
        return name, nothing
    changed = await changes_of(now, row)
    may_change = who().role == "admin"
    title = [row.rule.name, badge("locked", "grey", "locked") if row.locked else None]
    if row.value_name:
        title = [value_words(row) or row.value_name, badge(row.rule.name, "purple", "rules")]
    return (
        html.Span(title, className="drawer-name"),
        _inside(row, changed, now.now_ms, may_change=may_change),
    )


def _inside(row: RuleRow, changed: Any, now_ms: int, *, may_change: bool) -> Any:
    shared = row.rule.each and not row.value_name
    of_what = "Limit of each value without its own" if shared else "Limit"
    return html.Div(
        [
            None
            if shared
            else spent_of_limit(
                row.posted_nano, row.limit_nano, held_nano=row.held_nano, label="Posted of limit"
            ),
            _figures(row, now_ms),
            part(
                of_what,
                html.Div(
                    [
                        source_facts(row, now_ms),
                        limit_form(SECTION, row, name_of(row), may_change=may_change),
                    ],
                    className="limit-form",
                ),
            ),
            *([_add(row)] if shared and may_change and not row.locked else []),
            part(
                "Alerts",
                thresholds(SECTION, row, formats.zone(row.rule.timezone), may_change=may_change),
            ),
            part("What it counts", _about(row)),
            part("Changes", html.Div(changed, id=CHANGES)),
        ],
        className="detail",
    )


def _figures(row: RuleRow, now_ms: int) -> Any:
    left = row.limit_nano - row.posted_nano - row.held_nano
    shared = row.rule.each and not row.value_name
    return stats(
        [
            stat("Posted", money(row.posted_nano), "in all values" if shared else ""),
            stat("Held", money(row.held_nano), "calls in flight"),
            stat("Values", formats.integer(row.values), "spend now")
            if shared
            else stat("Left", money(left), ""),
            stat("Limit", money(row.limit_nano), ""),
            stat("Refused", formats.integer(row.refused), "in this window"),
            stat(
                "Resets",
                formats.ago(row.resets_ms, now_ms) if row.resets_ms else "never",
                formats.bucket(row.resets_ms, formats.zone(row.rule.timezone), hourly=True)
                if row.resets_ms
                else "counts for good",
            ),
        ]
    )


def _about(row: RuleRow) -> Any:
    return key_values(
        [
            ("Counts", words_of(row.rule)),
            ("Amount", row.rule.counts.value),
        ]
    )


def _add(row: RuleRow) -> Any:
    """Leads to the form of one value, also of one that has not spent yet."""
    each = [dimension.value for dimension in DIMENSIONS if dimension in row.rule.each]
    fields = [
        dmc.TextInput(
            id={"type": f"{SECTION}-value", "dimension": name},
            label=name.capitalize(),
            placeholder="Its name, as calls give it",
        )
        for name in each
    ]
    return part(
        "A limit for one value",
        html.Div(
            [
                *fields,
                dcc.Store(f"{SECTION}-value-of", data=row.rule.name),
                button("Add a limit", id=f"{SECTION}-value-open", kind="plain", icon_name="add"),
            ],
            className="form-line",
        ),
    )


async def changes_of(now: Books, row: RuleRow) -> Any:
    """Who changed the limit, or the thresholds, newest first."""
    made, now_ms = await history(now, row), now.now_ms
    alerts = [] if row.value_name else (await changes(now.ledger, row.rule.counter))[::-1]
    if not made and not alerts:
        return html.P("Nobody has changed it in the panel or by the API.", className="dim")
    lines = [*_of_limit(made, now_ms), *_of_alerts(alerts, now_ms)]
    newest = sorted(lines, key=lambda line: -line[0])
    return html.Ul([line for _, line in newest[:HISTORY_SHOWN]], className="audit-lines")


def _of_limit(made: Sequence[Made], now_ms: int) -> Iterator[tuple[int, html.Li]]:
    for one, before in zip(made, [*made, None][1:], strict=True):
        new = "no override" if one.limit_nano is None else f"${usd_text(one.limit_nano)}"
        old = "no override"
        if before is not None and before.limit_nano is not None:
            old = f"${usd_text(before.limit_nano)}"
        yield one.made_ms, _line(one, "it", old, new, now_ms)


def _of_alerts(made: Sequence[Thresholds], now_ms: int) -> Iterator[tuple[int, html.Li]]:
    for one, before in zip(made, [*made, None][1:], strict=True):
        new = "the file's" if one.at_mille is None else listed(one.at_mille)
        old = "the file's"
        if before is not None and before.at_mille is not None:
            old = listed(before.at_mille)
        yield one.made_ms, _line(one, "the alerts", old, new, now_ms)


def _line(one: Made | Thresholds, what: str, old: str, new: str, now_ms: int) -> html.Li:
    span = "until changed" if one.window_start_ms is None else "for one window"
    did = f"{'lifted' if one.lifts else 'set'} {what} {span}"
    return audit_line(one.who, did, one.made_ms, now_ms, old=old, new=new, reason=one.why)
