"""Glass: the panel that everything stands in, the figure card, the small stat, the sparkline."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.aria import aria
from dashboard.components.basics import Children, Tone
from dashboard.icons import data_uri, icon

_WIDTH, _HEIGHT = 120, 40


def spark_uri(values: Sequence[int]) -> str:
    """The values as a line over a fading area, an image in black to be used as a mask.

    Drawn by integers alone; a single value or equal ones make a level line.
    """
    points = list(values) if len(values) > 1 else [*values, *values] or [0, 0]
    low, span = min(points), max(points) - min(points)
    room = _HEIGHT - 6
    steps = len(points) - 1
    places = [
        f"{_WIDTH * i // steps},{_HEIGHT - 4 - rise}"
        for i, rise in enumerate(room * (v - low) // span if span else room // 4 for v in points)
    ]
    line = " ".join(places)
    return data_uri(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' "
        "preserveAspectRatio='none'><linearGradient id='g' x2='0' y2='1'>"
        "<stop stop-opacity='.42'/><stop offset='1' stop-opacity='0'/></linearGradient>"
        f"<polygon points='0,{_HEIGHT} {line} {_WIDTH},{_HEIGHT}' fill='url(#g)'/>"
        f"<polyline points='{line}' fill='none' stroke='#000' stroke-width='2' "
        "stroke-linejoin='round' vector-effect='non-scaling-stroke'/></svg>"
    )


def sparkline(values: Sequence[int], label: str, id: str = "") -> html.Div:  # noqa: A002
    """The shape of recent values in the tone of where it stands; `label` says what it shows."""
    return html.Div(
        **named(id),
        className="spark",
        style={"--spark": f'url("{spark_uri(values)}")'},
        role="img",
        **aria(label=label),
    )


def named(id: str) -> dict[str, str]:  # noqa: A002 - Dash's own word
    """The attribute of an id, none where it is empty."""
    return {"id": id} if id else {}


def card(
    name: str,
    figure: Children,
    *,
    icon_name: str,
    context: Children = "",
    status: Children = None,
    changed: Children = None,
    trend: Sequence[int] = (),
    trend_label: str = "",
    href: str = "",
    tone: Tone = "cyan",
    held: bool = False,
    id: str = "",  # noqa: A002 - Dash's own word
) -> html.Article:
    """One figure with all it takes to read it: unit, context, state in words, change, shape.

    With `href` the whole card opens it. `held` hatches the card: money that may come back.
    With `id` its parts have ids too (`<id>-figure`, `-context`, `-words`, `-spark`), so that a
    live page changes one without drawing the others again.
    """

    def part(name: str) -> dict[str, str]:
        return named(f"{id}-{name}" if id else "")

    go = html.A(icon("open"), href=href, className="card-go", **aria(label=f"Open {name}"))
    foot = [part for part in (status, changed) if part is not None]
    shape = trend_label or f"{name}, recent course"
    spark = [sparkline(trend, shape, f"{id}-spark" if id else "")] if trend else []
    return html.Article(
        [
            html.Header(
                [
                    html.Span(icon(icon_name), className="card-icon"),
                    html.H2(name),
                    *([go] if href else []),
                ]
            ),
            html.Div(figure, className="figure", **part("figure")),
            html.Div(context, className="context", **part("context")),
            html.Div(
                [html.Div(foot, className="card-words", **part("words")), *spark],
                className="card-foot",
            ),
        ],
        className=f"glass card tone-{tone}" + (" card-held" if held else ""),
        **named(id),
    )


def cards(items: Sequence[html.Article]) -> html.Div:
    """Cards in as many columns as fit: four on a desk, two by two on a phone."""
    return html.Div(list(items), className="cards")


def panel(
    title: str,
    children: Children,
    aside: Children = None,
    *,
    tone: Tone = "grey",
    wide: bool = False,
    note: str = "",
    id: Any | None = None,  # noqa: A002 - Dash's own word
) -> html.Section:
    """A titled part of a page on glass; `aside` stands at the title's right."""
    heading = [html.H2(title), html.Span(note, className="panel-note") if note else None]
    right = [html.Div(aside, className="aside")] if aside is not None else []
    return html.Section(
        [html.Header([html.Div(heading, className="panel-title"), *right]), html.Div(children)],
        className=f"glass panel tone-{tone}" + (" span-all" if wide else ""),
        **({"id": id} if id else {}),
    )


def more_link(text: str, href: str) -> html.A:
    """The link at a panel's title that leads to all of it."""
    return html.A([text, icon("right")], href=href, className="more")


def columns(items: Sequence[Any], kind: str = "two") -> html.Div:
    """Parts side by side where there is room: `two`, `three`, or `wide-left`."""
    return html.Div(list(items), className=f"columns {kind}")


def stat(name: str, figure: Children, context: Children = "", tone: Tone = "grey") -> html.Div:
    """A small figure with its name, for rows of facts inside a panel."""
    return html.Div(
        [
            html.Div(name, className="stat-name"),
            html.Div(figure, className="stat-figure figures"),
            html.Div(context, className="context"),
        ],
        className=f"stat tone-{tone}",
    )


def tile(
    name: str, figure: Children, icon_name: str, unit: str = "", tone: Tone = "cyan"
) -> html.Div:
    """A small figure with an icon, for grids of many: one agent's rate."""
    per = [html.Span(f" {unit}", className="unit")] if unit else []
    return html.Div(
        [
            html.Span(icon(icon_name), className="card-icon"),
            html.Div(name, className="tile-name", title=name),
            html.Div([html.Span(figure), *per], className="tile-figure figures"),
        ],
        className=f"tile tone-{tone}",
    )


def tiles(items: Sequence[html.Div]) -> html.Div:
    """Tiles in as many columns as fit."""
    return html.Div(list(items), className="tiles")


def stats(items: Sequence[html.Div]) -> html.Div:
    """Small figures in a row, divided by hairlines."""
    return html.Div(list(items), className="stats")
