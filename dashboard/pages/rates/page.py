"""The section: rates, what is dearer than they are, the calculator, and every model's prices."""

from datetime import UTC, datetime
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from config.report import Dearer, dearer_models
from config.settings import Loaded
from dashboard import formats, plain
from dashboard.aria import aria
from dashboard.components.bars import agent_row
from dashboard.components.basics import badge, code
from dashboard.components.cards import panel
from dashboard.components.overlays import button, drawer
from dashboard.components.rates import rate_tile
from dashboard.components.states import note
from dashboard.context import Context
from dashboard.errors import Invalid
from dashboard.icons import icon
from dashboard.pages.rates import calculator
from dashboard.pages.rates.prices import DEFAULT, STEP, Wanted, detail, modes, table, tiers
from dashboard.plain import holder, into
from dashboard.services import Services
from dashboard.state import View
from insights.rate_card import RateCardView, rate_card

TABLE: Final = "rates-table"
NAMED_MAX: Final = 6
BASES: Final = {"agent_rate": "the agent's rate", "provider_price": "the provider's prices"}


class Kept:
    """The rate card of a configuration and a day: hundreds of models, read once for all."""

    def __init__(self) -> None:
        self._of: tuple[str, str] = ("", "")
        self._card: RateCardView | None = None
        self._dearer: list[Dearer] = []

    def card(self, loaded: Loaded) -> tuple[RateCardView, list[Dearer]]:
        """What is in force today."""
        key = (loaded.digest, datetime.now(UTC).date().isoformat())
        if self._card is None or self._of != key:
            self._of, self._card, self._dearer = key, rate_card(loaded), dearer_models(loaded)
        return self._card, self._dearer


_kept: Final = Kept()


async def layout(context: Context) -> Any:
    """The whole section."""
    loaded = context.services.current()
    card, dearer = _kept.card(loaded)
    wanted = wanted_of(context.view)
    answer = await calculator.answer(context.services, calculator.Asked())
    return [
        _rates(card),
        panel(
            "What would a call cost?",
            html.Div(
                [calculator.fields(card), html.Div(answer, id="rates-answer")],
                className="what-if",
            ),
            note="by the code that settles calls",
            tone="purple",
        ),
        *_dearer(dearer, loaded),
        _prices(card, dearer, wanted),
        drawer("", None, id="rates-drawer"),
    ]


def wanted_of(view: View) -> Wanted:
    """What the address asks of the prices."""
    one = {name: values[0] for name, values in view.filters.items() if values}
    return Wanted(one.get("model", ""), one.get("mode", ""), one.get("tier", DEFAULT))


def _rates(card: RateCardView) -> html.Section:
    dearest = max((rate.nano_per_1k for rate in card.rates), default=0)
    tiles = [rate_tile(rate.agent, rate.nano_per_1k, rate.source, dearest) for rate in card.rates]
    basis = badge(f"charged by {BASES[card.basis]}", "cyan", "ok")
    return panel(
        "Agent rates",
        html.Div(tiles, className="tiles"),
        basis,
        note="for 1,000 tokens, input and output alike",
        tone="cyan",
    )


def _dearer(found: list[Dearer], loaded: Loaded) -> list[html.Section]:
    if not found:
        return []
    rule = loaded.primary.counts.value if loaded.primary else "charge"
    items = [
        html.Li(
            [
                html.Div(
                    [
                        html.B(f"{formats.money_exact(one.rate // 1_000)} per 1K"),
                        html.Div(
                            [agent_row(name) for name in one.agents], className="dearer-agents"
                        ),
                    ]
                ),
                html.Div(
                    [
                        html.Div(f"{formats.count(len(one.models), 'model')} can cost more"),
                        html.Div(
                            [
                                html.Span(
                                    [html.B(name), f"{formats.money_exact(price // 1_000)} per 1K"],
                                    className="dearer-model",
                                )
                                for name, price in one.models[:NAMED_MAX]
                            ]
                            + _more(len(one.models) - NAMED_MAX),
                            className="dearer-models",
                        ),
                    ]
                ),
            ]
        )
        for one in found
    ]
    text = (
        "Their dearest token, at the dearest tier and the longest input, costs more than these "
        "agents are charged: a budget that counts the charge counts too little. A rule with "
        f"counts: dearer counts the larger of the two; the primary rule counts: {rule}."
    )
    return [
        panel(
            "Dearer than the rate",
            [note(text, "amber", "warning"), html.Ul(items, className="dearer")],
            tone="amber",
        )
    ]


def _more(count: int) -> list[Any]:
    return [html.Span(f"and {count} more", className="dearer-model dim")] if count > 0 else []


def _prices(card: RateCardView, dearer: list[Dearer], wanted: Wanted) -> html.Section:
    drawn, told, more = table(card, wanted, STEP, _counts(dearer))
    options = {"comboboxProps": {"withinPortal": False}, "allowDeselect": False}
    tools = html.Div(
        [
            html.Div(
                dmc.TextInput(
                    id="rates-find",
                    value=wanted.text,
                    placeholder="Search models",
                    debounce=300,
                    leftSection=icon("search"),
                    **aria(label="Search models"),
                ),
                role="search",
            ),
            dmc.Select(
                id="rates-mode",
                value=wanted.mode or "all",
                data=[
                    {"value": "all", "label": "All kinds"},
                    *({"value": mode, "label": formats.words(mode)} for mode in modes(card)),
                ],
                **options,
                **aria(label="Kind of model"),
            ),
            dmc.Select(
                id="rates-price-tier",
                value=wanted.tier,
                data=[{"value": t, "label": f"{formats.words(t)} tier"} for t in tiers(card)],
                **options,
                **aria(label="Service tier"),
            ),
        ],
        className="prices-tools",
    )
    foot = html.Div(
        [
            html.Span(told, id="rates-told", className="dim figures", role="status"),
            html.Div(
                button(f"Show {STEP} more", id="rates-more"), id="rates-more-frame", hidden=not more
            ),
        ],
        className="prices-foot",
    )
    return panel(
        "Model prices",
        [
            dcc.Store("rates-count", data=STEP),
            dcc.Store("rates-kept"),
            dcc.Store("rates-open"),
            tools,
            *holder(TABLE, drawn),
            foot,
        ],
        html.Span(["version ", code(card.version)], className="dim"),
        note="for a million tokens",
        tone="cyan",
    )


def _counts(dearer: list[Dearer]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for one in dearer:
        for name, _ in one.models:
            counted[name] = counted.get(name, 0) + len(one.agents)
    return counted


def register(app: Dash, services: Services) -> None:
    """Search, details, and the calculator."""
    app.clientside_callback(
        ClientsideFunction("purser", "keepPrices"),
        Output("rates-kept", "data"),
        Input("rates-find", "value"),
        Input("rates-mode", "value"),
        Input("rates-price-tier", "value"),
        prevent_initial_call=True,
    )
    _register_table(app, services)
    plain.register(app, TABLE)
    _register_detail(app, services)

    @app.callback(
        Output("rates-answer", "children"),
        Input("rates-agent", "value"),
        Input("rates-model", "value"),
        Input("rates-input", "value"),
        Input("rates-cached", "value"),
        Input("rates-output", "value"),
        Input("rates-tier", "value"),
        prevent_initial_call=True,
    )
    async def reckon(agent: Any, model: Any, given: Any, cached: Any, made: Any, tier: Any) -> Any:
        try:
            asked = calculator.asked_of(agent, model, given, cached, made, tier, services.current())
        except Invalid as error:
            return note(str(error), "amber", "warning")
        return await calculator.answer(services, asked)


def _register_table(app: Dash, services: Services) -> None:
    @app.callback(
        Output(f"{TABLE}-plain", "data"),
        Output("rates-told", "children"),
        Output("rates-more-frame", "hidden"),
        Output("rates-count", "data"),
        Input("rates-find", "value"),
        Input("rates-mode", "value"),
        Input("rates-price-tier", "value"),
        Input("rates-more", "n_clicks"),
        State("rates-count", "data"),
        prevent_initial_call=True,
    )
    async def search(text: Any, mode: Any, tier: Any, _more: Any, count: Any) -> Any:
        card, dearer = _kept.card(services.current())
        asked = Wanted(
            str(text or "")[:200],
            mode if mode in modes(card) else "",
            tier if tier in tiers(card) else DEFAULT,
        )
        shown = STEP
        if ctx.triggered_id == "rates-more" and isinstance(count, int):
            shown = min(max(count, 0), len(card.models)) + STEP
        drawn, told, more = table(card, asked, shown, _counts(dearer))
        return into(TABLE, drawn), told, not more, shown


def _register_detail(app: Dash, services: Services) -> None:
    @app.callback(
        Output("rates-drawer", "opened"),
        Output("rates-drawer", "title"),
        Output("rates-drawer", "children"),
        Input("rates-open", "data"),
        prevent_initial_call=True,
    )
    async def show(asked: Any) -> Any:
        name = asked.get("model") if isinstance(asked, dict) else None
        if not isinstance(name, str):
            raise PreventUpdate
        card, dearer = _kept.card(services.current())
        above = [
            agent
            for one in dearer
            for agent in one.agents
            if any(model == name for model, _ in one.models)
        ]
        drawn = detail(card, name, above)
        return (True, name, drawn) if drawn is not None else (False, no_update, no_update)
