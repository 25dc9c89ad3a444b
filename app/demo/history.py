"""Months of believable calls: growth, weekdays, a spike, a paused campaign, refusals.

The same for the same seed and moment. Budgets are kept as Purser keeps them: what does not fit is
refused, and stands in the history as a refusal.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Final

from app.demo.workload import CAMPAIGNS
from budget.charge import Pricing, amounts
from budget.windows import current_window
from config.rates import AGENT_TYPES
from config.rules import UNATTRIBUTED, Dimension, Rule
from config.settings import Loaded
from storage.records import Amounts, Flag, LedgerEntry, Status, Usage

HOUR_MS: Final = 3_600_000
QUARTER_MS: Final = HOUR_MS // 4
DAY_MS: Final = 24 * HOUR_MS
DAYS_A_MONTH: Final = 30
CALLS_A_DAY: Final = 480
WEEKEND_SHARE: Final = 0.35
GROWTH: Final = (0.6, 1.25)
"""What the first and the last day are of the average day."""
SPIKE_DAYS_AGO: Final = 9
SPIKE_FACTOR: Final = 3.0
PAUSED: Final = "brand-refresh"
PAUSED_DAYS_AGO: Final = 20
QUIET_MS: Final = 2 * HOUR_MS
"""No history for hourly budgets in the last hours: a demo that goes on has room."""

_HOURS: Final = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 17, 14, 16, 18, 17, 15, 11, 7, 5, 4, 3, 2, 1)
_MODELS: Final = {
    "gpt-4o-mini": 44, "gpt-4o": 18, "gpt-4.1-mini": 20, "gpt-4.1-nano": 8,
    "text-embedding-3-small": 10,
}  # fmt: skip
_AGENT_WEIGHTS: Final = (18, 12, 10, 8, 14, 7, 6, 5, 6, 5, 3, 2, 2, 2)
_KEYS: Final = ("production", "production", "production", "staging", UNATTRIBUTED)
_TASKS: Final = ("draft", "review", "classify", "plan", "summarise")
_HOURLY: Final = frozenset({"flash-sale", "partner-pilot"})


@dataclass(frozen=True, slots=True)
class Raise:
    """A limit that was changed: from a moment on, in one window or until changed."""

    rule: str
    at_ms: int
    limit_nano: int


def days_of(months: int) -> int:
    """How many days a history of so many months has."""
    return months * DAYS_A_MONTH


class History:
    """Entries in the order of their admission, numbered from 1."""

    def __init__(
        self, loaded: Loaded, months: int, seed: int, now_ms: int, raised: tuple[Raise, ...] = ()
    ) -> None:
        self._loaded = loaded
        self._days = days_of(months)
        self._now_ms = now_ms
        self._start_ms = now_ms - now_ms % DAY_MS - (self._days - 1) * DAY_MS
        self._chance = Random(seed)  # noqa: S311  a play, not a secret
        self._raised = raised
        self._rules = {rule.counter: rule for rule in loaded.rules}
        self._starts: dict[tuple[str, int], int] = {}
        self._posted: dict[tuple[str, int, str], int] = {}
        self._seq = 0
        today = loaded.models.version
        self._pricing = {
            (agent, model): Pricing(
                loaded.settings.charging.basis,
                loaded.rates.rate(agent),
                loaded.models.resolve(model),
                today,
            )
            for agent in (*AGENT_TYPES, UNATTRIBUTED)
            for model in _MODELS
        }

    @property
    def days(self) -> int:
        """How many days it has, today with them."""
        return self._days

    def by_day(self) -> Iterator[list[LedgerEntry]]:
        """The entries of one day after the other."""
        for day in range(self._days):
            found: list[LedgerEntry] = []
            for at_ms in self._moments(day):
                found += self._call(day, at_ms)
            yield found

    def _moments(self, day: int) -> list[int]:
        start = self._start_ms + day * DAY_MS
        low, high = GROWTH
        share = low + (high - low) * day / max(1, self._days - 1)
        if datetime.fromtimestamp(start / 1000, UTC).weekday() >= 5:
            share *= WEEKEND_SHARE
        if self._days - 1 - day == SPIKE_DAYS_AGO:
            share *= SPIKE_FACTOR
        count = round(CALLS_A_DAY * share * self._chance.uniform(0.85, 1.15))
        hours = self._chance.choices(range(24), _HOURS, k=count)
        moments = sorted(start + hour * HOUR_MS + self._chance.randrange(HOUR_MS) for hour in hours)
        return [at for at in moments if at < self._now_ms - 1_000]

    def _call(self, day: int, at_ms: int) -> list[LedgerEntry]:
        chance = self._chance
        agent = chance.choices(AGENT_TYPES, _AGENT_WEIGHTS)[0]
        if chance.random() < 0.02:
            agent = UNATTRIBUTED
        campaign = chance.choices(list(CAMPAIGNS), list(CAMPAIGNS.values()))[0]
        if self._days - 1 - day == SPIKE_DAYS_AGO and chance.random() < 0.6:
            agent, campaign = "CONTENT", "holiday-2024"
        if campaign in _HOURLY and at_ms > self._now_ms - QUIET_MS:
            campaign = "newsletter"
        model = chance.choices(list(_MODELS), list(_MODELS.values()))[0]
        usage = self._usage(model)
        cost = amounts(self._pricing[agent, model], usage, "default")
        self._seq += 1
        plain = self._plain(at_ms, agent, campaign, model, cost)
        if campaign == PAUSED and day >= self._days - PAUSED_DAYS_AGO:
            if chance.random() > 0.1:
                self._seq -= 1
                return []
            return [_refused(plain, None, "campaign_paused", chance.randrange(1, 4))]
        full = self._full_rule(at_ms, agent, campaign, cost)
        if full is not None:
            return [_refused(plain, full.name, "budget_exceeded", 1)]
        return self._ended(plain, usage, cost)

    def _usage(self, model: str) -> Usage:
        chance = self._chance
        prompt = min(9_000, round(chance.lognormvariate(6.5, 0.6)))
        if model.startswith("text-embedding"):
            return Usage(input_tokens=prompt)
        cached = prompt // 256 * 128 if chance.random() < 0.35 else 0
        answer = min(4_000, round(chance.lognormvariate(5.2, 0.7)))
        return Usage(input_tokens=prompt, output_tokens=answer, cached_tokens=cached)

    def _plain(
        self, at_ms: int, agent: str, campaign: str, model: str, cost: Amounts
    ) -> LedgerEntry:
        chance = self._chance
        latency = round(chance.lognormvariate(7.1, 0.5))
        embeds = model.startswith("text-embedding")
        path = chance.choice(("/v1/chat/completions", "/v1/chat/completions", "/v1/responses"))
        return LedgerEntry(
            hold_id=f"demo-{chance.getrandbits(64):016x}",
            entry=0,
            seq=self._seq,
            status=Status.SETTLED,
            admitted_ms=at_ms,
            posted_ms=min(at_ms + latency, self._now_ms),
            request_id=f"req-{chance.getrandbits(64):016x}",
            execution_id=f"{agent.lower()}-{at_ms // (3 * HOUR_MS)}-{chance.randrange(4)}",
            agent=agent,
            campaign=campaign,
            task=chance.choice(_TASKS),
            key=chance.choice(_KEYS),
            endpoint="/v1/embeddings" if embeds else path,
            requested_model=model,
            served_model=model,
            held_nano=cost.dearer * chance.randrange(15, 40) // 10,
            price_version=self._loaded.models.version,
            http_status=200,
            latency_ms=latency,
            ttfb_ms=latency // 3,
        )

    def _full_rule(self, at_ms: int, agent: str, campaign: str, cost: Amounts) -> Rule | None:
        """The rule that this call does not fit; else it is posted in all that count it."""
        places: list[tuple[tuple[str, int, str], int]] = []
        told = {Dimension.AGENT: agent, Dimension.CAMPAIGN: campaign}
        for counter, rule in self._rules.items():
            if any(told.get(d, "").casefold() != value for d, value in rule.match.items()):
                continue
            value = campaign if Dimension.CAMPAIGN in rule.each else ""
            place = (counter, self._window_start(counter, at_ms), value)
            amount = getattr(cost, rule.counts.value)
            if self._posted.get(place, 0) + amount > self._limit(rule, place[1], at_ms):
                return rule
            places.append((place, amount))
        for place, amount in places:
            self._posted[place] = self._posted.get(place, 0) + amount
        return None

    def _window_start(self, counter: str, at_ms: int) -> int:
        # Every window begins on a quarter of an hour, whatever its zone.
        at = (counter, at_ms // QUARTER_MS)
        if at not in self._starts:
            self._starts[at] = current_window(self._rules[counter], at_ms).start_ms
        return self._starts[at]

    def _limit(self, rule: Rule, window_start_ms: int, at_ms: int) -> int:
        bound = [
            one.limit_nano
            for one in self._raised
            if one.rule == rule.name and window_start_ms <= one.at_ms <= at_ms
        ]
        return bound[-1] if bound else rule.limit_nano

    def _ended(self, plain: LedgerEntry, usage: Usage, cost: Amounts) -> list[LedgerEntry]:
        chance = self._chance
        dice = chance.random()
        if dice < 0.018:
            failed = chance.choice((429, 500, 503))
            return [replace(plain, status=Status.FAILED, http_status=failed, served_model=None)]
        if dice < 0.021:
            return [replace(plain, status=Status.VOIDED, http_status=None, served_model=None)]
        charged = replace(
            plain, usage=usage, charge_nano=cost.charge, provider_nano=cost.provider,
            dearer_nano=cost.dearer,
        )  # fmt: skip
        if dice < 0.024:
            assumed = replace(
                charged, status=Status.ASSUMED, usage=Usage(), http_status=None,
                held_nano=cost.dearer, flags=frozenset({Flag.ESTIMATED}),
            )  # fmt: skip
            return [assumed, self._correction(assumed, cost)]
        if dice < 0.03:
            gone = frozenset({Flag.CLIENT_GONE, Flag.ESTIMATED})
            return [replace(charged, flags=gone)]
        return [charged]

    def _correction(self, first: LedgerEntry, cost: Amounts) -> LedgerEntry:
        self._seq += 1
        less = Amounts(-(cost.charge // 3), -(cost.provider // 3))
        dearer = max(cost.charge + less.charge, cost.provider + less.provider) - cost.dearer
        return replace(
            first,
            entry=1,
            seq=self._seq,
            status=Status.CORRECTION,
            posted_ms=min(first.posted_ms + HOUR_MS, self._now_ms),
            charge_nano=less.charge,
            provider_nano=less.provider,
            dearer_nano=dearer,
            held_nano=0,
            flags=frozenset(),
            latency_ms=None,
            ttfb_ms=None,
            reason="the provider's invoice shows less",
        )


def _refused(plain: LedgerEntry, rule: str | None, reason: str, count: int) -> LedgerEntry:
    return replace(
        plain, status=Status.REFUSED, rule=rule, reason=reason, count=count, held_nano=0,
        execution_id=None, served_model=None, http_status=None, latency_ms=None, ttfb_ms=None,
        price_version="",
    )  # fmt: skip
