"""Small pieces: badges, changes, figures with their unit, chips, legends, lists."""

from collections.abc import Sequence
from typing import Any, Literal

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.aria import aria
from dashboard.icons import icon

Tone = Literal["cyan", "purple", "amber", "red", "green", "grey"]
Children = Any
"""What Dash takes as children: text, a component, or a sequence of both."""

STATUS: dict[str, tuple[Tone, str, str]] = {
    "green": ("green", "ok", "on track"),
    "yellow": ("amber", "warning", "near the limit"),
    "red": ("red", "danger", "over the limit"),
    "refusing": ("red", "refused", "refusing calls"),
    "frozen": ("cyan", "frozen", "frozen"),
    "active": ("green", "active", "active"),
    "paused": ("purple", "paused", "paused"),
    "completed": ("cyan", "completed", "completed"),
    "settled": ("green", "ok", "settled"),
    "voided": ("grey", "undo", "voided"),
    "assumed": ("amber", "held", "assumed"),
    "refused": ("red", "refused", "refused"),
    "failed": ("red", "danger", "failed"),
    "corrected": ("purple", "edit", "corrected"),
    "held": ("amber", "held", "in flight"),
    "estimated": ("amber", "estimated", "estimated"),
    "locked": ("grey", "locked", "locked"),
    "up": ("green", "ok", "up"),
    "degraded": ("amber", "warning", "degraded"),
    "down": ("red", "danger", "down"),
    "revoked": ("grey", "refused", "revoked"),
    "firing": ("red", "alerts", "firing"),
    "unknown": ("grey", "unknown", "unknown"),
}
"""What each state looks like: tone, icon, and the words that say it without colour."""


def status_badge(status: str, text: str | None = None) -> html.Span:
    """A state in an icon and words; a state without a look of its own is shown by its name."""
    tone, name, words = STATUS.get(status, ("grey", "info", formats.words(status).lower()))
    return html.Span([icon(name), html.Span(text or words)], className=f"badge tone-{tone}")


def badge(text: Children, tone: Tone = "grey", icon_name: str | None = None) -> html.Span:
    """Any other short word in a pill."""
    mark = [icon(icon_name)] if icon_name else []
    return html.Span([*mark, html.Span(text)], className=f"badge tone-{tone}")


def change(
    permille: int | None, versus: str = "", *, more_is_good: bool = False, new: bool = False
) -> html.Span:
    """By how much a figure changed, in thousandths, and against what.

    The tone says whether that is welcome; the arrow and the sign say which way it went.
    """
    rest = [html.Span(f" {versus}", className="versus")] if versus else []
    if permille is None:
        text = "new" if new else "no earlier figure"
        return html.Span([html.Span(text), *rest], className="change tone-grey")
    if permille == 0:
        return html.Span(
            [icon("level"), html.Span("no change"), *rest], className="change tone-grey"
        )
    way = "up" if permille > 0 else "down"
    tone = "green" if (permille > 0) == more_is_good else "amber" if permille > 0 else "cyan"
    spoken = html.Span(f"{way} ", className="spoken")
    figure = html.Span(formats.percent(abs(permille)), className="figures")
    return html.Span([icon(way), spoken, figure, *rest], className=f"change tone-{tone}")


def money(nano: int, *, fine: bool = False, dim: bool = False) -> html.Span:
    """An amount, with every nano-dollar of it in its title."""
    text = formats.money_fine(nano) if fine else formats.money(nano)
    classes = "figures money" + (" dim" if dim else "")
    return html.Span(text, className=classes, title=formats.money_exact(nano))


def tokens(number: int) -> html.Span:
    """A number of tokens, short, with all digits in its title."""
    text: Children = [formats.compact(number), html.Span(" tok", className="unit")]
    return html.Span(text, className="figures", title=formats.count(number, "token"))


def when(moment_ms: int, now_ms: int) -> html.Time:
    """How long ago, with the moment in UTC in its title."""
    return html.Time(
        formats.ago(moment_ms, now_ms),
        dateTime=formats.local(moment_ms).isoformat(),
        title=f"{formats.moment(moment_ms)} UTC",
        className="when",
    )


def agent_name(agent_type: str) -> str:
    """An agent type as people write it; without one the caller named none."""
    return "Unattributed" if agent_type == "unattributed" else formats.words(agent_type)


def chip(label: str, value: str, remove_id: Any) -> html.Span:
    """A filter in force, with the button that lifts it."""
    return html.Span(
        [
            html.Span(f"{label} ", className="dim"),
            html.Span(value),
            html.Button(
                icon("close"),
                id=remove_id,
                className="chip-remove",
                **aria(label=f"Remove filter {label} {value}"),
            ),
        ],
        className="chip",
    )


def chips(items: Sequence[html.Span], clear_id: Any | None = None) -> html.Div:
    """The filters in force, in a row, and the button that lifts all."""
    clear = [html.Button("Clear all", id=clear_id, className="quiet")] if clear_id else []
    return html.Div([*items, *clear], className="chips", role="group", **aria(label="Filters"))


def copy_button(text: str, what: str) -> dmc.CopyButton:
    """Copies `text`; `what` names it for who cannot see the icon."""
    return dmc.CopyButton(
        value=text,
        copiedChildren="Copied",
        children="Copy",
        variant="subtle",
        size="compact-xs",
        className="copy",
        **aria(label=f"Copy {what}"),
    )


def code(text: str, what: str | None = None) -> html.Span:
    """An identifier or a line to type; with `what`, a button beside it copies it."""
    button = [copy_button(text, what)] if what else []
    return html.Span([html.Code(text), *button], className="code")


def key_values(pairs: Sequence[tuple[str, Children]]) -> html.Dl:
    """Names and values in two columns."""
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs]
    return html.Dl(rows, className="key-values")


def shortcuts(keys: Sequence[tuple[Sequence[str], str]]) -> html.Dl:
    """The keyboard map: the keys to press one after the other, and what they do."""
    rows = [
        html.Div([html.Dt([html.Kbd(key) for key in pressed]), html.Dd(does)])
        for pressed, does in keys
    ]
    return html.Dl(rows, className="key-values shortcuts")


def legend(entries: Sequence[tuple[str, str]]) -> html.Ul:
    """The keys of a chart: (`spent | pace | limit | forecast | anomaly | held | …`, words)."""
    items = [
        html.Li([html.Span(className=f"key key-{kind}", **aria(hidden="true")), text])
        for kind, text in entries
    ]
    return html.Ul(items, className="legend")


def audit_line(
    who: str, did: str, at_ms: int, now_ms: int, *, old: str = "", new: str = "", reason: str = ""
) -> html.Li:
    """One entry of the audit log: who did what and when, from what to what, and why."""
    turned = [
        html.Span([html.Del(old), icon("right", "to"), html.Ins(new)], className="turned figures")
    ]
    return html.Li(
        [
            icon("audit"),
            html.Div(
                [
                    html.Div([html.B(who), f" {did} ", *(turned if old or new else [])]),
                    html.Div(reason, className="dim") if reason else None,
                ]
            ),
            when(at_ms, now_ms),
        ],
        className="audit-line",
    )
