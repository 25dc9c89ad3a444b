"""Plotly figures as plain dicts: equal to what `go.Figure` builds, at a hundredth of its cost.

Amounts leave here as dollars in floats, for drawing alone: no sum is made of them. Colours are
those of the dark theme; `assets/theme/chart.css` repaints text and lines for the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from config.money import NANO_PER_USD
from dashboard import formats
from dashboard.figures_data import BurnUp, band, limit_changes, ticks

Spec = dict[str, Any]

SERIES = ("#22d3ee", "#a78bfa", "#fbbf24", "#34d399", "#ec4899", "#6366f1", "#9aa7c2")
"""The colours of stacked series, in the order of `.key-s0` to `.key-s6`."""
INK, DIM, LINE = "#e8edf7", "#9aa7c2", "rgba(148,163,200,0.16)"
CYAN, PURPLE, AMBER, RAISED = "#22d3ee", "#a78bfa", "#fbbf24", "#1a2338"
FONT = '"Inter Variable", Inter, system-ui, sans-serif'
GRAPH_CONFIG: Spec = {"displayModeBar": False, "responsive": True, "scrollZoom": False}


def _usd(nano: int) -> float:
    return nano / NANO_PER_USD


def template() -> Spec:
    """The panel's own template; plotly's default adds 7 KB to every figure."""
    axis = {
        "gridcolor": LINE,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "automargin": False,
        "fixedrange": True,
        "ticklabelstandoff": 8,
        "color": DIM,
    }
    layout = {
        "font": {"family": FONT, "size": 12, "color": DIM},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(SERIES),
        "hoverlabel": {
            "bgcolor": RAISED,
            "bordercolor": LINE,
            "font": {"family": FONT, "size": 12.5, "color": INK},
        },
        "margin": {"l": 56, "r": 46, "t": 26, "b": 28},
        "showlegend": False,
        "hovermode": "x unified",
        "xaxis": axis,
        "yaxis": axis,
    }
    return {"layout": layout, "data": {}}


def _scatter(name: str, points: Sequence[tuple[int, int]], line: Spec, **more: Any) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "uid": name.lower().replace("even ", ""),
        "x": [at for at, _ in points],
        "y": [_usd(nano) for _, nano in points],
        "line": line,
        "hovertemplate": "%{y:$,.2f}",
        **more,
    }


def _burn_traces(data: BurnUp) -> list[Spec]:
    """From the back to the front; `chart.css` knows each by its `uid`."""
    ahead = band(data)
    silent: Spec = {"hoverinfo": "skip", "hovertemplate": None}
    none = {"width": 0}
    limit = data.limit_nano or 0
    pace = [(data.start_ms, 0), (data.end_ms, limit)] if limit else []
    steps = [*data.limits, (data.end_ms, limit)] if limit else []
    fade: Spec = {
        "type": "vertical",
        "colorscale": [[0, "rgba(34,211,238,0.02)"], [1, "rgba(34,211,238,0.34)"]],
    }
    return [
        _scatter("Low", [(r[0], r[1]) for r in ahead], none, **silent),
        _scatter(
            "High",
            [(r[0], r[3]) for r in ahead],
            none,
            fill="tonexty",
            fillcolor="rgba(167,139,250,0.20)",
            **silent,
        ),
        _scatter("Even pace", pace, {"color": DIM, "width": 1.5, "dash": "dot"}, **silent),
        _scatter(
            "Spent",
            data.spent,
            {"color": CYAN, "width": 2.75},
            fill="tozeroy",
            fillgradient=fade,
        ),
        _scatter(
            "Limit",
            [(max(at, data.start_ms), nano) for at, nano in steps],
            {"color": AMBER, "width": 2, "dash": "8px,7px", "shape": "hv"},
        ),
        _scatter(
            "Forecast",
            [(r[0], r[2]) for r in ahead],
            {"color": PURPLE, "width": 2.25, "dash": "dot"},
        ),
        _scatter(
            "Anomaly",
            [(m.at_ms, m.spent_nano) for m in data.anomalies],
            none,
            mode="markers",
            marker={
                "symbol": "diamond",
                "size": 12,
                "color": AMBER,
                "line": {"width": 1.5, "color": RAISED},
            },
            text=[m.words for m in data.anomalies],
            hovertemplate="%{text}",
        ),
        _scatter(
            "Today",
            [data.now],
            none,
            mode="markers",
            marker={"size": 12, "color": CYAN, "line": {"width": 2.5, "color": INK}},
            **silent,
        ),
    ]


def _burn_notes(data: BurnUp) -> list[Spec]:
    """The forecast's end figure first, then the changes of the limit, as `chart.css` knows them."""
    base: Spec = {"showarrow": False, "bgcolor": "rgba(0,0,0,0)", "yanchor": "bottom", "yshift": 4}
    end = (
        [
            {
                **base,
                "x": data.end_ms,
                "y": _usd(data.forecast[2]),
                "text": formats.money_short(data.forecast[0]),
                "xanchor": "right",
                "font": {"size": 12, "color": PURPLE, "weight": 600},
            }
        ]
        if data.forecast
        else []
    )
    changes = [
        {
            **base,
            "x": at,
            "y": _usd(nano),
            "text": words,
            "xanchor": "left",
            "font": {"size": 11.5, "color": AMBER},
        }
        for at, nano, words in limit_changes(data.limits)
    ]
    return [*end, *changes]


def burn_up(data: BurnUp) -> Spec:
    """The burn-up, interactive: laid exactly over the one that the server draws."""
    steps = ticks(data.top_nano)
    return {
        "data": _burn_traces(data),
        "layout": {
            "template": template(),
            "uirevision": f"{data.start_ms}",
            "xaxis": {
                "type": "date",
                "range": [data.start_ms, data.end_ms],
                "tickformat": "%-d %b",
                "hoverformat": "%-d %b, %H:%M",
                "showgrid": False,
                "nticks": 6,
                "tickangle": 0,
                "showspikes": True,
                "spikemode": "across",
                "spikedash": "dot",
                "spikecolor": CYAN,
                "spikethickness": 1,
            },
            "yaxis": {
                "range": [0, _usd(data.top_nano)],
                "tickvals": [_usd(nano) for nano in steps],
                "ticktext": [formats.money_short(nano) for nano in steps],
            },
            "annotations": _burn_notes(data),
        },
    }


def stacked_bars(
    moments: Sequence[int], series: Mapping[str, Sequence[int]], *, hourly: bool = False
) -> Spec:
    """Spend by hour or day, stacked by agent, model or whatever names the series.

    Amounts are nano-dollars, one a moment; at most seven series, the rest summed by the caller.
    """
    bars = [
        {
            "type": "bar",
            "name": name,
            "x": list(moments),
            "y": [_usd(nano) for nano in amounts],
            "marker": {"color": SERIES[i % len(SERIES)], "line": {"width": 0}},
            "hovertemplate": "%{y:$,.2f}",
        }
        for i, (name, amounts) in enumerate(series.items())
    ]
    return {
        "data": bars,
        "layout": {
            "template": template(),
            "barmode": "stack",
            "bargap": 0.32,
            "barcornerradius": 4,
            "margin": {"l": 52, "r": 8, "t": 10, "b": 28},
            "xaxis": {
                "type": "date",
                "showgrid": False,
                "tickformat": "%H:%M" if hourly else "%-d %b",
                "nticks": 6,
                "tickangle": 0,
            },
            "yaxis": {"tickprefix": "$", "tickformat": "~s", "rangemode": "tozero", "nticks": 5},
        },
    }


def donut(parts: Sequence[tuple[str, int]]) -> Spec:
    """Shares of a whole in nano-dollars, clockwise from the top in the order given."""
    return {
        "data": [
            {
                "type": "pie",
                "labels": [name for name, _ in parts],
                "values": [_usd(nano) for _, nano in parts],
                "hole": 0.72,
                "sort": False,
                "direction": "clockwise",
                "textinfo": "none",
                "marker": {"colors": [SERIES[i % len(SERIES)] for i in range(len(parts))]},
                "hovertemplate": "%{label}: %{value:$,.2f} (%{percent})<extra></extra>",
            }
        ],
        "layout": {"template": template(), "margin": {"l": 4, "r": 4, "t": 4, "b": 4}},
    }
