"""Rates and prices: a tile for each agent, a table of models, all prices of one, a what-if."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dash import html

from dashboard import formats
from dashboard.components.bars import meter
from dashboard.components.basics import Children, Tone, agent_name, badge
from dashboard.components.tables import Column, data_table
from dashboard.icons import agent_icon, icon

UNITS: Final = 1_000_000
"""Prices are stated for so many."""
PER_UNIT: Final = frozenset(
    {
        "image",
        "character_input",
        "second_input",
        "second_output",
        "video_second",
        "pixel_input",
        "pixel_output",
    }
)
"""Kinds that are no tokens: read best for one."""


def price_text(kind: str, nano_per_million: int) -> str:
    """Per million tokens, or per image, second, character: `$1.25`, `$0.04 each`."""
    if kind in PER_UNIT:
        whole, rest = divmod(nano_per_million, UNITS)
        text = formats.money_exact(whole) if not rest else _small(nano_per_million)
        return f"{text} each"
    return formats.money_exact(nano_per_million)


def _small(nano_per_million: int) -> str:
    """A price that is finer than a nano-dollar for one, for a thousand."""
    return f"{formats.money_exact(nano_per_million // 1_000)} per 1K"


def rate_tile(agent: str, nano_per_1k: int, source: str, dearest_nano: int) -> html.Div:
    """An agent's rate: its icon, dollars for 1,000 tokens, where it stands, and how it compares."""
    none = agent == "unattributed"
    tone: Tone = "amber" if none else "cyan"
    share = formats.per_mille(nano_per_1k, dearest_nano) or 0
    return html.Div(
        [
            html.Span(icon(agent_icon(agent)), className="card-icon"),
            html.Div(agent_name(agent), className="tile-name", title=agent),
            html.Div(
                [
                    html.Span(formats.money_exact(nano_per_1k)),
                    html.Span(" per 1K", className="unit"),
                ],
                className="tile-figure figures",
            ),
            meter(share, f"{agent_name(agent)}, of the dearest rate", tone),
            html.Div(source, className="rate-source", title=source),
        ],
        className=f"tile rate-tile tone-{tone}",
    )


@dataclass(frozen=True, slots=True)
class Priced:
    """One price of a model in one tier."""

    kind: str
    nano_per_million: int
    above: tuple[tuple[int, int], ...] = ()
    """(input tokens above which, price)."""
    own: bool = True
    """Of the tier that is shown; else the default's, which applies there too."""


def price_cell(priced: Priced | None) -> Children:
    """A price in a table; what a long input costs stands below it."""
    # Text where it will do: the renderer looks at every component on every change.
    if priced is None:
        return formats.NONE
    if priced.own and not priced.above:
        return price_text(priced.kind, priced.nano_per_million)
    parts: list[Children] = [
        html.Span(
            price_text(priced.kind, priced.nano_per_million),
            className="" if priced.own else "dim",
            title="" if priced.own else "as in the default tier",
        )
    ]
    parts += [
        html.Span(
            f"{price_text(priced.kind, nano)} above {formats.compact(tokens)}",
            className="long-price",
        )
        for tokens, nano in priced.above
    ]
    return html.Span(parts, className="price")


def price_matrix(
    name: str, tiers: Sequence[str], kinds: Sequence[tuple[str, Sequence[Priced | None]]]
) -> html.Div:
    """Every price of a model: kinds by tiers."""
    columns = [
        Column("kind", "Kind"),
        *(Column(tier, formats.words(tier), numeric=True) for tier in tiers),
    ]
    rows = [
        {
            "kind": formats.words(kind),
            **{tier: price_cell(priced) for tier, priced in zip(tiers, prices, strict=True)},
        }
        for kind, prices in kinds
    ]
    return data_table(columns, rows, caption=f"Prices of {name}")


def charge_card(
    title: str, nano: int | None, how: str, *, in_force: bool, missing: str = ""
) -> html.Div:
    """What a call is charged under one basis, to the nano-dollar."""
    figure = formats.NONE if nano is None else formats.money_exact(nano)
    mark = badge("in force", "green", "ok") if in_force else badge("not in force")
    return html.Div(
        [
            html.Div([html.Span(title, className="stat-name"), mark], className="row-head"),
            html.Div(figure, className="figure"),
            html.Div(how if nano is not None else missing, className="context"),
        ],
        className="charge-card" + (" charge-on tone-cyan" if in_force else " tone-grey"),
    )
