"""The cards: is money safe, at one glance. All amounts nano-dollars, shares per mille."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from budget.windows import current_window
from config.models import PriceKind
from config.money import UNITS_PER_MILLION
from config.origins import DEFAULT
from config.rules import Rule
from insights.books import Books, Tone, at_one_moment, mille_of, tone_of
from insights.outlook import Outlook, days_left, outlook
from insights.period import Period
from insights.spend import spent_by_bucket
from storage.errors import StorageError
from storage.glance import Glance, glance
from storage.holds import Interval
from storage.override_history import changes, in_force
from storage.presence import READY
from storage.snapshot import Counted
from storage.usage import (
    EVERYTHING,
    Scope,
    Use,
    figures_version,
    series_by,
    used,
    used_by,
    used_by_bucket,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the period, of the one before (None: nothing to compare), and its buckets."""

    value: int
    before: int | None
    series: tuple[int, ...]
    """One number a bucket of `Period.buckets`; buckets ahead are 0."""

    @property
    def change_mille(self) -> int | None:
        """Change against the period before, per mille; None where that was 0 or unknown."""
        return None if not self.before else round((self.value - self.before) * 1000 / self.before)


@dataclass(frozen=True, slots=True)
class BudgetCard:
    """The primary rule's budget in its current window (not the period). None: no primary rule."""

    rule: str
    window: Interval
    limit_nano: int
    limit_from: str
    """"override", "environment", "file" or "default"; the rules section tells it in full."""
    spent_nano: int
    """By the ledger, in what the rule counts."""
    posted_nano: int | None
    """By Redis, with what has not reached the ledger yet; None while Redis is away."""
    held_nano: int | None
    remaining_nano: int
    """limit − (posted, else spent) − held; below zero where more was spent than allowed."""
    utilisation_mille: int | None
    tone: Tone
    refusing: bool
    why_refusing: str
    """"" or in words: frozen, budget spent."""
    days_left: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """Money set aside for calls that have not ended; None amounts while Redis is away."""

    held_nano: int | None
    calls: int | None
    oldest_ms: int | None
    """When the oldest was admitted."""


@dataclass(frozen=True, slots=True)
class ProjectionCard:
    """Where the window ends if days go on as they went (80 % band)."""

    expected_nano: int
    low_nano: int
    high_nano: int
    runs_out_ms: int | None
    """When the limit is reached at the expected pace; None where not before the window's end."""
    days_observed: int
    method: Literal["weekday_means", "daily_mean"]
    tone: Tone


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the cards show."""

    period: Period
    scope: Scope
    counts_sentence: str
    """What these figures count, in words."""
    budget: BudgetCard | None
    spent: Figure
    in_flight: InFlight
    projection: ProjectionCard | None
    """None with fewer than three full days to go by, or without a primary rule."""
    requests: Figure
    refused: Figure
    failed: Figure
    tokens: Figure
    input_tokens: Figure
    cached_tokens: Figure
    held: Figure
    """What was set aside for the period's calls when they were admitted."""
    cache_savings: Figure
    """Provider price of cached input had it not been cached, less what it cost."""
    version: int
    """`storage.usage.figures_version` at which it was read."""


@at_one_moment
async def overview(books: Books, period: Period, scope: Scope = EVERYTHING) -> Overview:
    """The cards for a period. With a narrower scope, budget and projection stay the rule's."""
    ledger = books.ledger
    version = await figures_version(ledger)
    uses, before, savings, (budget, in_flight, projection) = await asyncio.gather(
        used_by_bucket(ledger, period.buckets, scope),
        used(ledger, period.previous, scope),
        _savings(books, period, scope),
        _budget(books),
    )
    counts = books.counts.value

    def figure(of: Callable[[Use], int]) -> Figure:
        series = tuple(of(use) for use in uses)
        return Figure(sum(series), of(before), series)

    return Overview(
        period=period,
        scope=scope,
        counts_sentence=counts_sentence(books, period, scope),
        budget=budget,
        spent=figure(lambda use: use.amount(counts)),
        in_flight=in_flight,
        projection=projection,
        requests=figure(lambda use: use.calls),
        refused=figure(lambda use: use.refused),
        failed=figure(lambda use: use.failed),
        tokens=figure(lambda use: use.tokens),
        input_tokens=figure(lambda use: use.input_tokens),
        cached_tokens=figure(lambda use: use.cached_tokens),
        held=figure(lambda use: use.held_nano),
        cache_savings=savings,
        version=version,
    )


def counts_sentence(books: Books, period: Period, scope: Scope) -> str:
    """What the figures count, in words."""
    basis = books.loaded.settings.charging.basis
    amounts = {
        "charge": "agent rates" if basis == "agent_rate" else "provider prices",
        "provider": "provider prices",
        "dearer": "the dearer of charge and provider price",
    }
    told = (f"{name} {' or '.join(values)}" for name, values in scope.values().items())
    asked = ", ".join(told) or "all calls"
    return (
        f"Counts {asked} admitted in this period ({period.timezone}) at "
        f"{amounts[books.counts.value]}, with corrections and manual costs, as the ledger has them."
    )


async def _savings(books: Books, period: Period, scope: Scope) -> Figure:
    series = await series_by(books.ledger, "model", period.buckets, "cached_tokens", scope)
    total = [0] * len(period.buckets)
    for model, cached in series.items():
        price = saved_price(books, model)
        for at, tokens in enumerate(cached):
            total[at] += tokens * price // UNITS_PER_MILLION
    past = await used_by(books.ledger, "model", period.previous, scope)
    before = sum(
        use.cached_tokens * saved_price(books, model) // UNITS_PER_MILLION
        for model, use in past.items()
    )
    return Figure(sum(total), before, tuple(total))


def saved_price(books: Books, name: str) -> int:
    """What a million cached tokens of a model save, nano-dollars, by today's default-tier price."""
    model = books.loaded.models.resolve(name)
    if model is None:
        return 0
    plain, cached = model.price(PriceKind.INPUT), model.price(PriceKind.CACHED)
    return max(0, plain - cached) if plain is not None and cached is not None else 0


async def _budget(books: Books) -> tuple[BudgetCard | None, InFlight, ProjectionCard | None]:
    rule = books.primary
    wanted = [] if rule is None else [(rule, current_window(rule, books.now_ms), "")]
    try:
        look: Glance | None = await glance(books.link, wanted)
    except StorageError:
        look = None
    if look is not None and look.state != READY:
        look = None
    in_flight = (
        InFlight(look.held_nano, look.holds, look.oldest_ms) if look else InFlight(None, None, None)
    )
    if rule is None:
        return None, in_flight, None
    window = wanted[0][1]
    spent = (await spent_by_bucket(books.ledger, rule, (window,)))[0]
    counted = look.counted[0] if look else None
    limit, limit_from = await limit_now(books, rule, window)
    card = _card(books, rule, window, (limit, limit_from), spent, counted, look)
    ahead = await outlook(books.ledger, rule, window, spent, books.now_ms)
    return card, in_flight, _projection(ahead, limit)


async def limit_now(books: Books, rule: Rule, window: Interval) -> tuple[int, str]:
    """The limit of a rule without `each` in a window, and where it comes from in a word."""
    made = [] if rule.locked else await changes(books.ledger, rule.counter)
    bound = in_force([one for one in made if not one.value], window.start_ms, books.now_ms)
    if bound is not None and bound.limit_nano is not None:
        return bound.limit_nano, "override"
    origin = books.loaded.origins.get(f"budgets.rules[{rule.name}].limit_usd", DEFAULT)
    if origin.file is not None:
        return rule.limit_nano, "file"
    return rule.limit_nano, "environment" if origin.variable else "default"


def _card(
    books: Books,
    rule: Rule,
    window: Interval,
    limit: tuple[int, str],
    spent: int,
    counted: Counted | None,
    look: Glance | None,
) -> BudgetCard:
    limit_nano, limit_from = limit
    posted = counted.posted_nano if counted else None
    now = spent if posted is None else posted
    why = "frozen" if look and look.frozen else "budget spent" if now >= limit_nano else ""
    return BudgetCard(
        rule=rule.name,
        window=window,
        limit_nano=limit_nano,
        limit_from=limit_from,
        spent_nano=spent,
        posted_nano=posted,
        held_nano=counted.held_nano if counted else None,
        remaining_nano=limit_nano - now - (counted.held_nano if counted else 0),
        utilisation_mille=mille_of(now, limit_nano),
        tone=tone_of(now, limit_nano, refusing=bool(why)),
        refusing=bool(why),
        why_refusing=why,
        days_left=days_left(window, books.now_ms, rule.timezone),
    )


def _projection(ahead: Outlook, limit_nano: int) -> ProjectionCard | None:
    end = ahead.end
    if end is None:
        return None
    return ProjectionCard(
        expected_nano=end.expected_nano,
        low_nano=end.low_nano,
        high_nano=end.high_nano,
        runs_out_ms=ahead.runs_out_ms(limit_nano),
        days_observed=end.days_observed,
        method="weekday_means" if end.by_weekday else "daily_mean",
        tone=tone_of(end.expected_nano, limit_nano),
    )
