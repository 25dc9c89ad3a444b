"""The form that sets a limit, for this window or until changed, with what it would do."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from config.money import usd_text
from dashboard import formats
from dashboard.components.basics import Children, key_values
from dashboard.components.controls import segmented
from dashboard.components.overlays import button
from dashboard.components.states import note
from insights.rules import RuleRow
from insights.sources import Source

WINDOW_NAMES = {
    "hour": "This hour",
    "day": "This day",
    "week": "This week",
    "month": "This month",
}


@dataclass(frozen=True, slots=True)
class FormIds:
    """The ids of one section's form: `<section>-limit` and so on."""

    section: str

    def of(self, part: str) -> str:
        """One of amount, span, reason, save, lift, preview, about."""
        return f"{self.section}-{part}"


def about(row: RuleRow, name: str) -> dict[str, Any]:
    """What the form is of, and the version that a change expects."""
    return {"name": name, "version": row.source.version}


def limit_form(section: str, row: RuleRow, name: str, *, may_change: bool) -> html.Div:
    """The form for a row of `insights.rules`; a locked rule and a viewer are told why there is
    none."""
    if row.locked:
        return html.Div(note(locked_words(row), "grey", "locked"))
    if not may_change:
        return html.Div(note("Only an admin may change it.", "grey", "locked"))
    ids = FormIds(section)
    window = WINDOW_NAMES.get(row.rule.window.value)
    spans = [*([("window", window)] if window else []), ("always", "Until changed")]
    overridden = row.source.kind == "override"
    lift = (
        [button("Remove override", id=ids.of("lift"), kind="danger", icon_name="remove")]
        if overridden
        else []
    )
    return html.Div(
        [
            dcc.Store(ids.of("about"), data=about(row, name)),
            html.Div(
                [
                    # Without a delay: a button that is pressed at once sets what stands in it.
                    dmc.NumberInput(
                        id=ids.of("amount"),
                        label="Limit",
                        value=usd_text(row.limit_nano),
                        min=0,
                        prefix="$",
                        thousandSeparator=",",
                        allowNegative=False,
                        clampBehavior="blur",
                    ),
                    html.Div(
                        [
                            html.Span("Binds", className="field-label"),
                            segmented(
                                spans,
                                id=ids.of("span"),
                                value=spans[0][0],
                                label="How long it binds",
                            ),
                        ],
                        className="field",
                    ),
                ],
                className="form-two",
            ),
            html.Div(id=ids.of("preview"), **{"aria-live": "polite"}),
            dmc.TextInput(id=ids.of("reason"), label="Reason", placeholder="Kept in the audit log"),
            html.Div(
                [button("Set limit", id=ids.of("save"), kind="main"), *lift], className="actions"
            ),
        ],
        className="limit-form",
    )


def locked_words(row: RuleRow) -> str:
    """Why a locked rule takes no override."""
    where = source_words(row.source)
    return (
        f"Ops locked this budget (locked: true): its limit comes from {where} and is changed there."
    )


def origin_words(source: Source, zone: tzinfo) -> str:
    """Where a value comes from: a file with its line, or who set it, when, and for how long."""
    if source.kind != "override":
        return f"From {source.text}"
    made = formats.day(source.made_ms or 0, zone)
    until = "until changed" if source.until_changed else "for this window"
    return f"Set by {source.who}, {made}, {until}"


def source_words(source: Source) -> str:
    """Where a limit comes from, in a few words."""
    match source.kind:
        case "override":
            span = "until changed" if source.until_changed else "this window"
            return f"{source.who}, {span}"
        case "file":
            return f"{short_path(source.file)}:{source.line}"
        case "environment":
            return f"environment {source.variable}"
    return "the default"


def short_path(path: str | None) -> str:
    """The last two parts of a path, enough to find it."""
    return "/".join((path or "").split("/")[-2:])


def source_facts(row: RuleRow, now_ms: int) -> html.Dl:
    """All that is known of where a limit comes from."""
    source = row.source
    told: list[tuple[str, Children]] = [("Comes from", source_words(source))]
    if source.kind == "file":
        told = [("Comes from", html.Code(f"{source.file}:{source.line}"))]
    if source.made_ms is not None:
        told += [
            ("Set", f"{formats.ago(source.made_ms, now_ms)}, {formats.moment(source.made_ms)} UTC"),
            ("Reason", source.why or formats.NONE),
            ("Below it", formats.money(row.file_limit_nano)),
        ]
    told.append(("Version", str(source.version) if source.version else "never overridden"))
    return key_values(told)
