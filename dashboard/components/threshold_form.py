"""Alert thresholds: how they stand, who says so, and the form that changes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html

from config import bounds
from config.rules import percent_text
from dashboard.components.basics import Tone, badge
from dashboard.components.controls import segmented
from dashboard.components.limit_form import WINDOW_NAMES, origin_words
from dashboard.components.overlays import button, confirm
from dashboard.components.states import note
from insights.alerts import FULL_MILLE
from insights.rules import RuleRow
from insights.threshold_preview import ThresholdPreview

HIGHEST: Final = bounds.ALERT_MILLE_MAX // 10


@dataclass(frozen=True, slots=True)
class ThresholdIds:
    """The ids of one section's thresholds: `<section>-alerts-box` and so on."""

    section: str

    def of(self, part: str) -> str:
        """One of box, marks, field, span, reason, save, undo, reset, preview, about, ask, asked,
        yes, no."""
        return f"{self.section}-alerts-{part}"


def thresholds(
    section: str, row: RuleRow, zone: tzinfo, *, may_change: bool, opened: bool = False
) -> html.Div:
    """All of it; who may not change them, and one value of a rule, sees how they stand alone."""
    ids = ThresholdIds(section)
    told = marks(row, origin_words(row.alerting.source, zone))
    inside: list[Any] = [html.Div(told, className="alert-at", id=ids.of("marks"))]
    if row.value_name:
        inside.append(
            html.P(f"Set for all of {row.rule.name}, not for one value.", className="dim")
        )
    elif may_change and not row.locked:
        summary = html.Summary([html.Span("Change alerts")], className="button quiet")
        inside.append(
            html.Details([summary, *_form(ids, row)], className="alert-change", open=opened)
        )
    return html.Div(inside, className="alerts-of", id=ids.of("box"))


def marks(row: RuleRow, told: str) -> list[Any]:
    """Each threshold with whether it is passed, and who says so: `told`."""
    source = row.alerting.source
    return [
        html.Span("Alerts at", className="field-label"),
        *(_mark(at, row.utilisation_mille) for at in row.alerting.at_mille),
        *([] if row.alerting.at_mille else [badge("none: nobody is told", "amber", "warning")]),
        html.Span(told, className="dim", title=source.why or source.text),
        *([badge("locked in its file", "grey", "locked")] if row.locked else []),
    ]


def _mark(at_mille: int, used_mille: int | None) -> html.Span:
    if used_mille is None or used_mille < at_mille:
        return badge(percent_text(at_mille))
    tone: Tone = "red" if at_mille >= FULL_MILLE else "amber"
    return badge(f"{percent_text(at_mille)} passed", tone)


def _form(ids: ThresholdIds, row: RuleRow) -> Sequence[Any]:
    window = WINDOW_NAMES.get(row.rule.window.value)
    spans = [*([("window", window)] if window else []), ("always", "Until changed")]
    reset = []
    if row.alerting.source.kind == "override":
        reset = [button("Back to the file", id=ids.of("reset"), kind="quiet")]
    return (
        dcc.Store(
            ids.of("about"), data={"name": row.rule.name, "version": row.alerting.source.version}
        ),
        dcc.Store(ids.of("asked")),
        dmc.TagsInput(
            id=ids.of("field"),
            label="Per cent of the limit",
            description=f"1 to {HIGHEST}, at most {bounds.ALERTS_PER_RULE_MAX}; Enter adds one",
            value=[percent_text(at) for at in row.alerting.at_mille],
            maxTags=bounds.ALERTS_PER_RULE_MAX,
            splitChars=[",", ";", " "],
            acceptValueOnBlur=True,
            className="alert-tags",
        ),
        html.Div(id=ids.of("preview"), **{"aria-live": "polite"}),
        segmented(spans, id=ids.of("span"), value=spans[0][0], label="How long they hold"),
        dmc.TextInput(id=ids.of("reason"), label="Reason", placeholder="kept in the audit log"),
        html.Div(
            [
                button("Set alerts", id=ids.of("save"), kind="main"),
                button("Undo", id=ids.of("undo"), kind="quiet", icon_name="undo"),
                *reset,
            ],
            className="actions",
        ),
        confirm(
            "Change the alerts?", "", id=ids.of("ask"), yes_id=ids.of("yes"), no_id=ids.of("no"),
            yes="Set alerts",
        ),
    )  # fmt: skip


def question(
    ids: ThresholdIds, row: RuleRow, at_mille: Sequence[int], until: str, found: ThresholdPreview
) -> Any:
    """What is asked before thresholds are set: from what to what, for how long, and what then."""
    to = listed(at_mille)
    body = [
        html.P([f"From {listed(row.alerting.at_mille)} to ", html.B(to), f", {until}."]),
        consequence(found),
    ]
    return confirm(
        "", body, id="unused", yes_id=ids.of("yes"), no_id=ids.of("no"), yes=f"Alert at {to}"
        if at_mille else "Alert at nothing", dangerous=not at_mille,
    ).children  # fmt: skip


def consequence(found: ThresholdPreview) -> html.Div:
    """What thresholds would say, a line each."""
    tone: Tone = "amber" if found.tells_now or not found.reaches else "cyan"
    lines = html.Ul([html.Li(sentence) for sentence in found.sentences], className="alert-lines")
    return note(lines, tone, "forecast")


def listed(at_mille: Sequence[int]) -> str:
    """Thresholds in a line."""
    return ", ".join(map(percent_text, at_mille)) or "no alert"
