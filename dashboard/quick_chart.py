"""The burn-up as the server draws it: there with the page, before any script has run.

Each line is a mask painted by the style sheet, so the chart follows the theme; words and marks
are elements placed by percentages, so that stretching the lines does not stretch them.
"""

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.aria import aria
from dashboard.figures_data import BurnUp, band, limit_changes, ticks
from dashboard.icons import data_uri

_W, _H = 1_000, 400
_DAY_MS = 86_400_000


class _Scale:
    """From moments and amounts to places on the drawing's grid."""

    def __init__(self, data: BurnUp) -> None:
        self.start, self.length = data.start_ms, max(data.end_ms - data.start_ms, 1)
        self.top = data.top_nano

    def x(self, at_ms: int) -> int:
        return (
            (min(max(at_ms, self.start), self.start + self.length) - self.start) * _W // self.length
        )

    def y(self, nano: int) -> int:
        return _H - min(max(nano, 0), self.top) * _H // self.top

    def style(self, at_ms: int, nano: int) -> dict[str, str]:
        """Where an element stands, in percent of the drawing."""
        x, y = self.x(at_ms), self.y(nano)
        return {"left": f"{x // 10}.{x % 10}%", "top": f"{y * 100 // _H}.{y * 1000 // _H % 10}%"}


def _path(points: Sequence[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _layer(kind: str, inside: str) -> html.Div:
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_W} {_H}' "
        f"preserveAspectRatio='none' fill='none' stroke-linejoin='round'>{inside}</svg>"
    )
    return html.Div(className=f"qc-layer qc-{kind}", style={"--layer": f'url("{data_uri(svg)}")'})


def _line(points: Sequence[tuple[int, int]], width: str, dash: str = "") -> str:
    dashes = f" stroke-dasharray='{dash}'" if dash else ""
    return (
        f"<polyline points='{_path(points)}' stroke='#000' stroke-width='{width}'{dashes} "
        "stroke-linecap='round' vector-effect='non-scaling-stroke'/>"
    )


def _steps(data: BurnUp, scale: _Scale) -> list[tuple[int, int]]:
    """The limit as a staircase over the whole window."""
    points: list[tuple[int, int]] = []
    for at, nano in data.limits:
        if points:
            points.append((scale.x(at), points[-1][1]))
        points.append((scale.x(max(at, data.start_ms)), scale.y(nano)))
    return [*points, (_W, points[-1][1])] if points else []


def _layers(data: BurnUp, scale: _Scale) -> list[html.Div]:
    spent = [(scale.x(at), scale.y(nano)) for at, nano in data.spent]
    layers = []
    if len(spent) > 1:
        area = f"{_path(spent)} {spent[-1][0]},{_H} {spent[0][0]},{_H}"
        fade = (
            "<linearGradient id='g' x2='0' y2='1'><stop stop-opacity='.46'/>"
            "<stop offset='1' stop-opacity='.02'/></linearGradient>"
        )
        layers.append(_layer("area", f"{fade}<polygon points='{area}' fill='url(#g)'/>"))
    ahead = band(data)
    if ahead:
        upper = [(scale.x(at), scale.y(high)) for at, _, _, high in ahead]
        lower = [(scale.x(at), scale.y(low)) for at, low, _, _ in reversed(ahead)]
        layers.append(_layer("band", f"<polygon points='{_path([*upper, *lower])}' fill='#000'/>"))
        middle = [(scale.x(at), scale.y(expected)) for at, _, expected, _ in ahead]
        layers.append(_layer("forecast", _line(middle, "2.25", "1 5")))
    if data.limit_nano:
        pace = [(0, _H), (_W, scale.y(data.limit_nano))]
        layers.append(_layer("pace", _line(pace, "1.5", "1 5")))
        layers.append(_layer("limit", _line(_steps(data, scale), "2", "8 7")))
    if len(spent) > 1:
        layers.append(_layer("spent", _line(spent, "2.75")))
    return layers


def _axis(data: BurnUp, scale: _Scale) -> list[html.Div]:
    rows = [
        html.Div(
            html.Span(formats.money_short(nano), className="figures"),
            className="qc-row",
            style={"top": scale.style(data.start_ms, nano)["top"]},
        )
        for nano in ticks(data.top_nano)
    ]
    days = max(round((data.end_ms - data.start_ms) / _DAY_MS), 1)
    step = next((s for s in (1, 2, 7, 14, 30) if days // s <= 6), 90)
    columns = [
        html.Div(
            formats.day(data.start_ms + i * _DAY_MS),
            className="qc-day figures" + (" qc-day-first" if i == 0 else ""),
            style={"left": scale.style(data.start_ms + i * _DAY_MS, 0)["left"]},
        )
        for i in range(0, days, step)
    ]
    return [*rows, *columns]


def _marks(data: BurnUp, scale: _Scale) -> list[html.Div]:
    placed = [
        html.Div(className="qc-diamond", style=scale.style(m.at_ms, m.spent_nano), title=m.words)
        for m in data.anomalies
    ]
    placed += [
        html.Div(words, className="qc-note figures", style=scale.style(at, nano))
        for at, nano, words in limit_changes(data.limits)
    ]
    if data.forecast:
        end = html.Div(
            formats.money_short(data.forecast[0]),
            className="qc-end figures",
            style=scale.style(data.end_ms, data.forecast[2]),
        )
        placed.append(end)
    return [*placed, html.Div(className="qc-today", style=scale.style(*data.now))]


def in_words(data: BurnUp) -> str:
    """The chart for who cannot see it."""
    parts = [f"{formats.money(data.now[1])} spent by {formats.day(data.now[0])}"]
    if data.limit_nano is not None:
        parts.append(f"limit {formats.money(data.limit_nano)}")
    if data.forecast:
        expected, low, high = (formats.money(nano) for nano in data.forecast)
        parts.append(f"forecast {expected} at the end, between {low} and {high}")
    parts += [words for _, _, words in limit_changes(data.limits)]
    parts += [f"anomaly: {mark.words}" for mark in data.anomalies]
    return "Burn-up: " + "; ".join(parts) + "."


def quick_burn_up(data: BurnUp) -> html.Div:
    """The burn-up of a window, in full, without a script."""
    scale = _Scale(data)
    drawing = html.Div(
        [*_axis(data, scale), *_layers(data, scale), *_marks(data, scale)], className="qc-plot"
    )
    return html.Div(drawing, className="quick-chart", role="img", **aria(label=in_words(data)))
