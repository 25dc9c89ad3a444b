"""Controls: the budget slider with its consequence, choices in a row, the freeze."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from config.money import NANO_MAX, NANO_PER_USD, usd_text
from dashboard import formats
from dashboard.aria import aria
from dashboard.components.bars import progress
from dashboard.components.basics import Children, Tone, badge
from dashboard.components.overlays import button
from dashboard.components.states import note

SLIDER_MARKS_USD = (100, 1_000, 2_500, 5_000)
SLIDER_STEP_USD = 10
LIMIT_USD_MAX = NANO_MAX // NANO_PER_USD
"""What the field takes beside the slider: as much as money is counted to."""


@dataclass(frozen=True, slots=True)
class LimitIds:
    """The ids of a limit's controls."""

    slider: Any
    number: Any
    reason: Any
    save: Any
    undo: Any
    scope: Any
    preview: Any
    origin: Any
    bar: Any


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit as it stands: amounts in nano-dollars, where its value comes from, its version."""

    label: str
    limit_nano: int
    spent_nano: int
    held_nano: int
    version: int
    origin: str
    locked: bool = False
    slider_usd: tuple[int, int] = (100, 5_000)
    can_change: bool = True
    window: str = "month"
    """The word for the time that the limit is for, as in "this month"."""


def marks(low: int, high: int) -> list[dict[str, Any]]:
    """The slider's marks in whole dollars: its ends and the usual stops between them."""
    # Words of marks that stand too close would overlap.
    room = (high - low) // 20
    between = (m for m in SLIDER_MARKS_USD if low + room < m < high - room)
    stops = sorted({low, high, *between})
    return [{"value": m, "label": f"${m:,}"} for m in stops]


def limit_slider(view: LimitView, ids: LimitIds) -> html.Div:
    """The slider and the number field of one limit: two hands on one value. The field takes what
    lies beyond the slider too, which then rests at its end."""
    low, high = view.slider_usd
    value, cents = divmod(view.limit_nano, NANO_PER_USD)
    fixed = view.locked or not view.can_change
    return html.Div(
        [
            dmc.NumberInput(
                id=ids.number,
                label=view.label,
                description=f"${low:,} to ${high:,} by the slider, any amount by the field",
                inputWrapperOrder=["label", "input", "error", "description"],
                value=usd_text(view.limit_nano) if cents else value,
                min=0,
                max=LIMIT_USD_MAX,
                step=SLIDER_STEP_USD,
                prefix="$",
                thousandSeparator=",",
                # What is too much is told, not quietly made something else.
                clampBehavior="none",
                # At once: who types and presses the button means what was typed.
                debounce=False,
                disabled=fixed,
                className="limit-number",
            ),
            dmc.Slider(
                id=ids.slider,
                value=min(max(value, low), high),
                min=low,
                max=high,
                step=SLIDER_STEP_USD,
                marks=marks(low, high),
                thumbLabel=view.label,
                updatemode="drag",
                disabled=fixed,
                className="limit-slider",
            ),
        ],
        className="limit-hands",
    )


def limit_control(
    view: LimitView,
    ids: LimitIds,
    *,
    consequence: Children,
    tone: Tone = "cyan",
    tools: Children = None,
) -> html.Div:
    """All of a limit: its value, its bar, what the change would do, why, and the buttons.

    Who may not change it sees the value and the bar alone.
    """
    hands = limit_slider(view, ids)
    if not view.can_change:
        hands = html.Div(
            [
                html.Div(view.label, className="field-label"),
                html.Div(formats.money(view.limit_nano), className="figure"),
            ]
        )
    fixed = view.locked or not view.can_change
    return html.Div(
        [
            html.Div(limit_origin(view), className="row-head", id=ids.origin),
            hands,
            html.Div(limit_bar(view), className="measured", id=ids.bar),
            html.Div(note(consequence, tone, "forecast"), id=ids.preview),
            *([] if fixed else _change(view, ids)),
            tools,
        ],
        className="limit",
    )


def limit_origin(view: LimitView) -> list[Any]:
    """Where a limit comes from, and which version of it this is or why it is fixed."""
    mark = badge(f"version {view.version}")
    if view.locked:
        mark = badge("locked in its file", "grey", "locked")
    elif not view.can_change:
        mark = badge("only an admin may change it", "grey", "locked")
    return [html.Span(view.origin, className="dim"), mark]


def limit_bar(view: LimitView) -> list[Any]:
    """What is spent and held of a limit."""
    share = formats.per_mille(view.spent_nano, view.limit_nano) or 0
    held = formats.per_mille(view.held_nano, view.limit_nano) or 0
    return [
        progress(share, f"{view.label}: spent", held_permille=held),
        html.Div(
            [
                html.Span([html.B(formats.money(view.spent_nano)), " spent"]),
                html.Span([html.B(formats.money(view.held_nano)), " held"]),
            ],
            className="bar-words figures",
        ),
    ]


def _change(view: LimitView, ids: LimitIds) -> Sequence[Any]:
    return [
        segmented(
            [("window", f"This {view.window}"), ("always", "Until changed")],
            id=ids.scope,
            value="window",
            label="How long it holds",
        ),
        dmc.TextInput(id=ids.reason, label="Reason", placeholder="kept in the audit log"),
        html.Div(
            [
                button("Set limit", id=ids.save, kind="main"),
                button("Undo", id=ids.undo, kind="quiet", icon_name="undo"),
            ],
            className="actions",
        ),
    ]


def segmented(
    choices: Sequence[tuple[str, str]],
    *,
    id: Any,  # noqa: A002
    value: str,
    label: str,
) -> dmc.SegmentedControl:
    """One of a few, all in sight: (value, words)."""
    return dmc.SegmentedControl(
        id=id,
        value=value,
        data=[{"value": key, "label": words} for key, words in choices],
        className="segmented",
        **aria(label=label),
    )


def freeze_control(frozen: bool, *, id: Any, since: str = "") -> html.Div:  # noqa: A002
    """The switch that stops all spending, or lets it go on; asked about before it acts."""
    words: Children = (
        ["All spending is frozen. ", html.Span(since, className="dim")]
        if frozen
        else ["Stops the next metered call everywhere."]
    )
    act = (
        button("Thaw", id=id, kind="main", icon_name="play")
        if frozen
        else button("Freeze spending", id=id, kind="danger", icon_name="frozen")
    )
    return html.Div([html.Div(words, className="freeze-words"), act], className="freeze")
