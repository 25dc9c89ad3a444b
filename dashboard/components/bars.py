"""Amounts as lengths: progress against a limit, shares, uptime, hours of a week."""

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.aria import aria
from dashboard.components.basics import Children, Tone, agent_name
from dashboard.icons import agent_icon, icon

NEAR_PERMILLE = 800
FULL_PERMILLE = 1_000


def _length(permille: int) -> str:
    return f"{permille // 10}.{permille % 10}%"


def tone_of(permille: int) -> Tone:
    """Below 80 % cyan, up to 100 % amber, above it red."""
    if permille > FULL_PERMILLE:
        return "red"
    return "amber" if permille >= NEAR_PERMILLE else "cyan"


def words_of(permille: int) -> str:
    """A share in words, so that no colour is needed: `95% · near`, `124% · over by 24%`."""
    text = formats.percent(permille)
    if permille > FULL_PERMILLE:
        return f"{text} · over by {formats.percent(permille - FULL_PERMILLE)}"
    if permille == FULL_PERMILLE:
        return f"{text} · spent"
    return f"{text} · near" if permille >= NEAR_PERMILLE else text


def progress(
    used_permille: int, label: str, *, held_permille: int = 0, tone: Tone | None = None
) -> html.Div:
    """A bar against a limit; held money is hatched after what is spent.

    Past 100 % the bar stays whole: it is scaled to what is used, a notch stands at the limit,
    and what lies beyond it is striped.
    """
    used = max(used_permille, 0)
    held = max(held_permille, 0)
    scale = max(used + held, FULL_PERMILLE)
    within = min(used, FULL_PERMILLE) * 1_000 // scale
    parts = [_used(within)]
    if used > FULL_PERMILLE:
        over = (used - FULL_PERMILLE) * 1_000 // scale
        parts.append(
            html.Span(className="bar-over", style={"--x": _length(within), "--w": _length(over)})
        )
    if held:
        start, length = used * 1_000 // scale, held * 1_000 // scale
        parts.append(
            html.Span(className="bar-held", style={"--x": _length(start), "--w": _length(length)})
        )
    if scale > FULL_PERMILLE:
        parts.append(
            html.Span(className="bar-limit", style={"--x": _length(FULL_PERMILLE * 1_000 // scale)})
        )
    spoken = words_of(used) + (f", {formats.percent(held)} held" if held else "")
    return html.Div(
        parts,
        className=f"bar tone-{tone or tone_of(used + held)}",
        role="meter",
        **aria(
            label=label,
            valuemin="0",
            valuemax=str(max(scale, used) // 10),
            valuenow=str(used // 10),
            valuetext=spoken,
        ),
    )


def _used(permille: int) -> html.Span:
    # The least that is spent shows as a point; nothing shows as nothing.
    return html.Span(
        className="bar-used" if permille else "bar-used nothing", style={"--w": _length(permille)}
    )


def meter(share_permille: int, label: str, tone: Tone = "cyan") -> html.Div:
    """A thin bar for a share of a whole, as in a table's row."""
    share = min(max(share_permille, 0), FULL_PERMILLE)
    return html.Div(
        _used(share),
        className=f"bar thin tone-{tone}",
        role="img",
        **aria(label=f"{label}: {formats.percent(share_permille)}"),
    )


def spent_of_limit(
    spent_nano: int, limit_nano: int | None, *, held_nano: int = 0, label: str = "Budget"
) -> html.Div:
    """A bar with both figures below it; without a limit it says so. A limit that is no whole
    number of cents, and what is spent of it, are written finer."""
    written = formats.money
    if limit_nano and limit_nano % formats.NANO_PER_CENT:
        written = formats.money_fine
    share = formats.per_mille(spent_nano, limit_nano) if limit_nano else None
    if share is None or not limit_nano:
        return html.Div(
            [
                html.Div(className="bar bar-none"),
                html.Div(
                    [html.B(formats.money(spent_nano)), html.Span("no budget set")],
                    className="bar-words",
                ),
            ],
            className="measured",
        )
    held = formats.per_mille(held_nano, limit_nano) or 0
    return html.Div(
        [
            progress(share, label, held_permille=held),
            html.Div(
                [
                    html.Span([html.B(written(spent_nano)), f" of {written(limit_nano)}"]),
                    html.Span(words_of(share), className=f"tint tone-{tone_of(share)}"),
                ],
                className="bar-words figures",
            ),
        ],
        className="measured",
    )


def campaign_row(
    name: str,
    status: Children,
    bar: html.Div,
    href: str = "",
    extra: Children = None,
    id: str = "",  # noqa: A002 - Dash's own word
) -> html.Li:
    """A campaign: its name, its state in words, its bar with both figures."""
    title = (
        html.A(name, href=href, className="row-name")
        if href
        else html.Span(name, className="row-name")
    )
    return html.Li(
        [html.Div([title, extra, status], className="row-head"), bar], **({"id": id} if id else {})
    )


def agent_row(agent_type: str) -> html.Span:
    """The name of an agent with its icon, as it stands first in a table's row."""
    known = agent_type != "unattributed"
    name = agent_name(agent_type)
    tone = "cyan" if known else "amber"
    return html.Span(
        [icon(agent_icon(agent_type), tone=tone), html.Span(name)],
        className="agent" if known else "agent agent-none tone-amber",
        title=agent_type,
    )


UPTIME: dict[str, str] = {
    "up": "up",
    "degraded": "degraded",
    "down": "down",
    "none": "not measured",
}


def uptime_strip(days: Sequence[tuple[str, str, int | None]], name: str) -> html.Div:
    """A bar for each day: (date, `up | degraded | down | none`, share up in thousandths)."""
    bars = [
        html.Span(
            className=f"day day-{state}",
            title=f"{date}: {UPTIME[state]}"
            + (f", {formats.percent(share)}" if share is not None else ""),
        )
        for date, state, share in days
    ]
    measured = [share for _, _, share in days if share is not None]
    mean = formats.percent(sum(measured) // len(measured)) if measured else formats.NONE
    return html.Div(
        [
            html.Div(
                [
                    html.Span(name, className="row-name"),
                    html.Span([html.B(mean), " up"], className="figures"),
                ],
                className="row-head",
            ),
            html.Div(
                bars,
                className="strip",
                role="img",
                **aria(label=f"{name}: {mean} up over {len(days)} days"),
            ),
            html.Div(
                [html.Span(f"{len(days)} days ago"), html.Span("today")], className="bar-words dim"
            ),
        ],
        className="uptime",
    )


def heatmap(rows: Sequence[tuple[str, Sequence[int]]], label: str, unit: str = "") -> html.Div:
    """A week by hours, or any grid: each cell's strength is its share of the largest.

    Each cell says its value in its title; `rows` are (name, values).
    """
    largest = max((value for _, values in rows for value in values), default=0)
    lines = [
        html.Div(
            [
                html.Span(name, className="heat-name"),
                *(
                    html.Span(
                        className="heat",
                        style={"--h": _length(formats.per_mille(value, largest) or 0)},
                        title=f"{name}, {column}: {unit}{formats.integer(value)}",
                    )
                    for column, value in enumerate(values)
                ),
            ],
            className="heat-row",
        )
        for name, values in rows
    ]
    return html.Div(lines, className="heatmap tone-cyan", role="img", **aria(label=label))
