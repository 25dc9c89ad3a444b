"""Model prices: a table that is searched, and everything of one model in a drawer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, code, key_values
from dashboard.components.rates import Priced, price_cell, price_matrix, price_text
from dashboard.components.states import empty, note
from dashboard.components.tables import Column, data_table
from insights.rate_card import ModelRow, PriceRow, RateCardView

DEFAULT: Final = "default"
TOKENS: Final[tuple[str, ...]] = ("input", "cached", "cache_write", "output")
"""Kinds with a column of their own."""
STEP: Final = 20
"""So many rows at first, and so many more each time."""
_COLUMNS: Final = (
    Column("model", "Model", grow=True),
    Column("context", "Input up to", numeric=True, keep="desk"),
    Column("input", "Input", numeric=True),
    Column("cached", "Cached", numeric=True, keep="tablet"),
    Column("cache_write", "Cache write", numeric=True, keep="desk"),
    Column("output", "Output", numeric=True),
    Column("other", "Other kinds", numeric=True, keep="desk"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which models are shown, and at which tier's prices."""

    text: str = ""
    mode: str = ""
    tier: str = DEFAULT

    def fits(self, model: ModelRow) -> bool:
        """Whether every word stands in its name, its mode fits, and the tier prices it."""
        words = self.text.casefold().split()
        return (
            all(word in model.name.casefold() for word in words)
            and self.mode in ("", model.mode)
            and (self.tier == DEFAULT or any(p.tier == self.tier for p in model.prices))
        )


def modes(card: RateCardView) -> list[str]:
    """What models are for, the most frequent first."""
    counted: dict[str, int] = {}
    for model in card.models:
        counted[model.mode] = counted.get(model.mode, 0) + 1
    return sorted(counted, key=lambda mode: (-counted[mode], mode))


def tiers(card: RateCardView) -> list[str]:
    """All service tiers that have a price, the default first."""
    named = {price.tier for model in card.models for price in model.prices}
    return [DEFAULT, *sorted(named - {DEFAULT})]


def priced(model: ModelRow, kind: str, tier: str) -> Priced | None:
    """The price of a kind in a tier; the default's where the tier has none of its own."""
    own = [p for p in model.prices if (p.kind, p.tier) == (kind, tier)]
    found = own or [p for p in model.prices if (p.kind, p.tier) == (kind, DEFAULT)]
    base = next((p.nano_per_million for p in found if not p.above_input_tokens), None)
    above = tuple((p.above_input_tokens, p.nano_per_million) for p in found if p.above_input_tokens)
    if base is None:
        return Priced(kind, above[0][1], above[1:], bool(own)) if above else None
    return Priced(kind, base, above, bool(own))


def table(
    card: RateCardView, wanted: Wanted, count: int, dearer: Mapping[str, int]
) -> tuple[Any, str, bool]:
    """Rows, how many there are in words, and whether more can be shown.

    `dearer` says of a model how many rates its dearest token costs more than.
    """
    order = modes(card)
    found = sorted(
        (model for model in card.models if wanted.fits(model)),
        key=lambda model: (order.index(model.mode), model.name.startswith("ft:"), model.name),
    )
    if not found:
        nothing = empty(
            "No model fits", "Shorten what you search for, or choose another kind or tier."
        )
        return nothing, "none of them", False
    rows = [_row(model, wanted.tier, dearer.get(model.name, 0)) for model in found[:count]]
    shown = min(count, len(found))
    told = f"{shown} of {formats.count(len(found), 'model')}"
    drawn = data_table(_COLUMNS, rows, caption="Model prices for a million tokens", table="prices")
    return drawn, told, len(found) > count


def _row(model: ModelRow, tier: str, dearer: int) -> dict[str, Any]:
    cells: dict[str, Any] = {kind: price_cell(priced(model, kind, tier)) for kind in TOKENS}
    others = _kinds(model.prices, beside=TOKENS)
    marks = [badge("override", "purple", "edit")] if ":" in model.source else []
    if dearer:
        marks.append(badge("dearer than a rate", "amber", "warning"))
    return {
        "model": html.Div(
            [
                html.Button(
                    [model.name, html.Span(formats.words(model.mode), className="dim")],
                    className="model-open",
                    title="All prices",
                    **{"data-model": model.name},
                ),
                *marks,
            ],
            className="model-cell",
        ),
        "context": formats.compact(model.max_input_tokens)
        if model.max_input_tokens
        else formats.NONE,
        **cells,
        "other": _others(model, others, tier),
    }


def _others(model: ModelRow, kinds: Sequence[str], tier: str) -> Any:
    if not kinds:
        return formats.NONE
    first = priced(model, kinds[0], tier)
    text = price_text(kinds[0], first.nano_per_million) if first else formats.NONE
    if len(kinds) == 1:
        return f"{formats.words(kinds[0])} {text}"
    more = f"and {len(kinds) - 1} more"
    return html.Span(
        [
            html.Span(f"{formats.words(kinds[0])} {text}"),
            html.Span(more, className="long-price"),
        ],
        className="price",
    )


def _kinds(prices: Sequence[PriceRow], beside: Sequence[str] = ()) -> list[str]:
    return list(dict.fromkeys(p.kind for p in prices if p.kind not in beside))


def detail(card: RateCardView, name: str, dearer: Sequence[str]) -> Any:
    """Everything about one model; None where there is no such."""
    model = next((model for model in card.models if model.name == name), None)
    if model is None:
        return None
    own_tiers = [tier for tier in tiers(card) if any(p.tier == tier for p in model.prices)]
    priced_kinds = _kinds(model.prices)
    kinds = [kind for kind in TOKENS if kind in priced_kinds]
    kinds += sorted(kind for kind in priced_kinds if kind not in TOKENS)
    matrix = price_matrix(
        name, own_tiers, [(kind, [_own(model, kind, tier) for tier in own_tiers]) for kind in kinds]
    )
    told = []
    if dearer:
        text = (
            f"Its dearest token costs more than the rate of {', '.join(dearer)}: budgets that "
            "count the charge count too little of it. A rule with counts: dearer counts the "
            "larger of the two."
        )
        told = [note(text, "amber", "warning")]
    facts = key_values(
        [
            ("Kind of model", formats.words(model.mode)),
            ("Input", _limit(model.max_input_tokens)),
            ("Output", _limit(model.max_output_tokens)),
            ("Source", code(model.source)),
            ("Version", code(card.version, "the version of the prices")),
        ]
    )
    per = html.P("For a million tokens; what is no token, for one.", className="dim")
    return html.Div([*told, facts, per, matrix], className="stack")


def _own(model: ModelRow, kind: str, tier: str) -> Priced | None:
    found = priced(model, kind, tier)
    return found if found is not None and found.own else None


def _limit(tokens: int | None) -> str:
    return f"at most {formats.count(tokens, 'token')}" if tokens else "no limit is stated"
