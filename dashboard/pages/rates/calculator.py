"""What a call would be charged, by the same code that settles, and how many still fit."""

from dataclasses import dataclass
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html

from budget.check import facts_of, would_refuse
from budget.errors import BudgetError
from config.models import DEFAULT_TIER
from config.rates import canonical_agent
from config.rules import UNATTRIBUTED, Counts
from config.settings import Loaded
from dashboard import formats
from dashboard.components.basics import agent_name
from dashboard.components.rates import charge_card
from dashboard.components.states import note
from dashboard.errors import Invalid
from dashboard.pages.rates.prices import tiers
from dashboard.services import Services
from insights.rate_card import RateCardView, WhatIf, what_if
from storage.errors import StorageError
from storage.levels import Level

TOKENS_MAX: Final = 1_000_000_000
STARTING_MODEL: Final = "gpt-4o-mini"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, thought of."""

    agent: str = "CONTENT"
    model: str = STARTING_MODEL
    input_tokens: int = 1_000
    cached_tokens: int = 0
    output_tokens: int = 500
    tier: str = DEFAULT_TIER


def asked_of(
    agent: Any, model: Any, given: Any, cached: Any, made: Any, tier: Any, loaded: Loaded
) -> Asked:
    """What the fields hold; raises `Invalid`."""
    if not isinstance(agent, str) or (agent != UNATTRIBUTED and canonical_agent(agent) is None):
        raise Invalid("Choose an agent.")
    if not isinstance(model, str) or loaded.models.resolve(model) is None:
        raise Invalid("Choose a model that the price table knows.")
    if not isinstance(tier, str) or len(tier) > 32:
        raise Invalid("Choose a tier.")
    found = Asked(
        agent, model, _tokens(given, "input"), _tokens(cached, "cached"), _tokens(made, "output"),
        tier,
    )  # fmt: skip
    if found.cached_tokens > found.input_tokens:
        raise Invalid("Cached tokens are part of the input: there cannot be more of them.")
    return found


def _tokens(given: Any, which: str) -> int:
    # An emptied number field holds "".
    value = 0 if given in ("", None) else given
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Invalid(f"{which} tokens are a whole number.")
    if not 0 <= value <= TOKENS_MAX:
        raise Invalid(f"{which} tokens are 0 to {TOKENS_MAX:,}.")
    return int(value)


def fields(card: RateCardView) -> html.Div:
    """The fields, filled with a usual call."""
    start = Asked()
    names = [model.name for model in card.models]
    model = start.model if start.model in names else names[0] if names else None
    agents = [{"value": rate.agent, "label": agent_name(rate.agent)} for rate in card.rates]
    select = {"comboboxProps": {"withinPortal": False}, "allowDeselect": False}
    return html.Div(
        [
            dmc.Select(
                id="rates-agent", label="Agent", data=agents, value=start.agent,
                className="half", **select,
            ),
            dmc.Select(
                id="rates-model", label="Model", data=names, value=model, searchable=True,
                limit=40, nothingFoundMessage="No such model", className="half", **select,
            ),
            _number("rates-input", "Input tokens", start.input_tokens),
            _number("rates-cached", "of these cached", start.cached_tokens),
            _number("rates-output", "Output tokens", start.output_tokens),
            dmc.Select(
                id="rates-tier", label="Service tier", value=start.tier, className="half",
                data=[{"value": tier, "label": formats.words(tier)} for tier in tiers(card)],
                **select,
            ),
        ],
        className="what-if-fields",
    )  # fmt: skip


def _number(name: str, label: str, value: int) -> Any:
    return dmc.NumberInput(
        id=name,
        label=label,
        value=value,
        min=0,
        max=TOKENS_MAX,
        step=100,
        thousandSeparator=",",
        allowDecimal=False,
        clampBehavior="blur",
        debounce=250,
    )


async def answer(services: Services, asked: Asked) -> Any:
    """Both charges, and how many such calls fit what is left."""
    loaded = services.current()
    found = what_if(
        loaded,
        asked.agent,
        asked.model,
        asked.input_tokens,
        asked.output_tokens,
        asked.cached_tokens,
        asked.tier,
    )
    tokens = asked.input_tokens + asked.output_tokens
    rate = loaded.rates.rate(asked.agent) // 1_000
    by_rate = f"{formats.count(tokens, 'token')} at {formats.money_exact(rate)} per 1K"
    served = loaded.models.resolve(asked.model)
    named = served.name if served is not None else asked.model
    by_price = f"prices of {named}, {formats.words(asked.tier).lower()} tier"
    return html.Div(
        [
            html.Div(
                [
                    charge_card(
                        "By the agent's rate",
                        found.agent_rate_nano,
                        by_rate if tokens else "a call without tokens costs its provider price",
                        in_force=found.basis == "agent_rate",
                    ),
                    charge_card(
                        "By the provider's prices",
                        found.provider_nano,
                        by_price,
                        in_force=found.basis == "provider_price",
                        missing="no price is known",
                    ),
                ],
                className="charges",
            ),
            html.Div(await _fits(services, loaded, asked, found), className="what-if-fits"),
        ]
    )


async def _fits(services: Services, loaded: Loaded, asked: Asked, found: WhatIf) -> Any:
    facts = facts_of(asked.agent, UNATTRIBUTED, UNATTRIBUTED, UNATTRIBUTED, asked.model)
    try:
        levels = (await would_refuse(services.lifeline, facts, 0)).levels
    except (StorageError, BudgetError) as error:
        return note(f"How many fit is not known now: {error}.", "amber", "stale")
    counts = {rule.name: rule.counts for rule in loaded.rules}
    fitting = [
        (max(0, level.remaining_nano) // amount, level)
        for level in levels
        if (amount := counted(found, counts.get(level.rule, Counts.CHARGE)))
    ]
    if not fitting:
        return note("No budget counts such a call, or it costs nothing.", "cyan", "info")
    calls, tightest = min(fitting, key=lambda pair: pair[0])
    return note(_sentence(calls, tightest), "cyan" if calls else "red", "budget")


def counted(found: WhatIf, counts: Counts) -> int:
    """What a rule counts of such a call, nano-dollars."""
    charge, provider = found.charged_nano or 0, found.provider_nano or 0
    if counts is Counts.CHARGE:
        return charge
    return provider if counts is Counts.PROVIDER else max(charge, provider)


def _sentence(calls: int, level: Level) -> list[Any]:
    left = formats.money(max(0, level.remaining_nano))
    return [
        html.B(formats.count(calls, "such call")),
        f" would fit what is left now: {level.rule} is the tightest budget of a call without a "
        f"campaign, with {left} after what is spent and held. A call is admitted when its worst "
        "case fits, which is more than it costs in the end.",
    ]
