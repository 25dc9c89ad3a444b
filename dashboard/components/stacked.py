"""Amounts over time, stacked: drawn by the server, there with the page, and in the theme's colours.

Each series is a mask that the style sheet paints. Over the bars lies a column for each bucket
that tells its amounts; whoever cannot point reads them in the table beside the chart.
"""

from collections.abc import Mapping, Sequence

from dash import html

from config.money import NANO_PER_USD, ceil_div
from dashboard import formats
from dashboard.aria import aria
from dashboard.figures_data import step_nano, ticks
from dashboard.icons import data_uri

_BUCKET, _BAR, _H = 100, 68, 10_000
LABELS_MAX = 7


def stacked(names: Sequence[str], series: Mapping[str, Sequence[int]], label: str) -> html.Div:
    """Bars of `series` (nano-dollars, one a bucket, the first at the bottom) over the buckets'
    `names`; `label` says all of it in words."""
    totals = [sum(at) for at in zip(*series.values(), strict=True)]
    step = step_nano(max([*totals, 1]))
    top = max(ceil_div(max([*totals, 1]), step), 1) * step
    below = [0] * len(names)
    layers = []
    for number, amounts in enumerate(series.values()):
        layers.append(_layer(number, amounts, below, top))
        below = [a + b for a, b in zip(below, amounts, strict=True)]
    tips = [
        html.Span(title=_told(name, at, series, totals[at]), className="st-tip")
        for at, name in enumerate(names)
    ]
    inside = [*_rows(top), *layers, html.Div(tips, className="st-tips"), *_columns(names)]
    return html.Div(
        html.Div(inside, className="qc-plot"),
        className="quick-chart stacked",
        role="img",
        **aria(label=label),
    )


def _layer(number: int, amounts: Sequence[int], below: Sequence[int], top: int) -> html.Div:
    """One series: a bar a bucket, on what lies below it."""
    bars = []
    for at, (amount, under) in enumerate(zip(amounts, below, strict=True)):
        if amount <= 0:
            continue
        low, high = _H - under * _H // top, _H - (under + amount) * _H // top
        left = at * _BUCKET + (_BUCKET - _BAR) // 2
        bars.append(f"M{left} {low}V{high}h{_BAR}V{low}z")
    width = len(amounts) * _BUCKET
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {_H}' "
        f"preserveAspectRatio='none'><path d='{''.join(bars)}'/></svg>"
    )
    return html.Div(
        className=f"qc-layer st-layer key-s{min(number, 6)}",
        style={"--layer": f'url("{data_uri(svg)}")'},
    )


def _rows(top: int) -> list[html.Div]:
    steps = ticks(top)
    written = formats.money_short if steps[-1] >= 5 * NANO_PER_USD else formats.money
    return [
        html.Div(
            html.Span(written(nano), className="figures"),
            className="qc-row",
            style={"top": _percent(top - nano, top)},
        )
        for nano in steps
    ]


def _columns(names: Sequence[str]) -> list[html.Div]:
    """Names below some of the buckets: as many as there is room for."""
    every = ceil_div(len(names), LABELS_MAX)
    return [
        html.Div(
            name, className="qc-day figures", style={"left": _percent(2 * at + 1, 2 * len(names))}
        )
        for at, name in enumerate(names)
        if at % every == 0
    ]


def _percent(part: int, whole: int) -> str:
    mille = part * 1_000 // whole
    return f"{mille // 10}.{mille % 10}%"


def _told(name: str, at: int, series: Mapping[str, Sequence[int]], total: int) -> str:
    parts = [
        f"{key}: {formats.money(amounts[at])}" for key, amounts in series.items() if amounts[at]
    ]
    return "\n".join([f"{name}: {formats.money(total)}", *parts])
