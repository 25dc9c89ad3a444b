"""The settings of budgets: rules as ops write them, and the `Rule`s that come of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from config import bounds
from config.money import usd_to_nano
from config.rates import AGENT_TYPES, canonical_agent
from config.rules import UNATTRIBUTED, Counts, Dimension, Rule, Window, fold
from config.section import Section
from config.suggest import nearest
from config.values import AlertShare, OneOrMore, Usd, Zone, alert_mille

RuleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

DEFAULT_RULES: Final = (
    {
        "name": "monthly",
        "limit_usd": "1000",
        "window": "month",
        "alert_at": ["0.8", "1.0"],
        "slider_usd": ["100", "5000"],
    },
    {"name": "per-campaign", "each": "campaign", "limit_usd": "250", "window": "month"},
    {
        "name": "content-daily",
        "match": {"agent": "CONTENT"},
        "limit_usd": "40",
        "window": "day",
    },
)
"""What holds where a file says nothing of rules: as texts, as a file would hold them."""


class RuleSettings(Section):
    """One budget as ops write it."""

    name: RuleName
    limit_usd: Usd
    window: Window
    match: Mapping[Dimension, str] = Field(default_factory=dict)
    each: Annotated[tuple[Dimension, ...], OneOrMore] = ()
    counts: Counts = Counts.CHARGE
    alert_at: Annotated[tuple[AlertShare, ...], OneOrMore] = (Decimal("0.8"), Decimal("1.0"))
    slider_usd: tuple[Usd, Usd] | None = None
    locked: bool = False

    @field_validator("match")
    @classmethod
    def _known_values(cls, match: Mapping[Dimension, str]) -> Mapping[Dimension, str]:
        for dimension, value in match.items():
            if not 1 <= len(value) <= bounds.NAME_CHARS_MAX or not value.isprintable():
                raise ValueError(f"1–{bounds.NAME_CHARS_MAX} printable characters")
            known = canonical_agent(value) or fold(value) == UNATTRIBUTED
            if dimension is Dimension.AGENT and not known:
                near = nearest(value, AGENT_TYPES)
                raise ValueError(f"agent: {', '.join(AGENT_TYPES)} or {UNATTRIBUTED}{near}")
        return {dimension: fold(value) for dimension, value in match.items()}

    @field_validator("each")
    @classmethod
    def _once(cls, each: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
        if len(set(each)) != len(each):
            raise ValueError("each dimension once")
        return tuple(dimension for dimension in Dimension if dimension in each)

    @field_validator("alert_at")
    @classmethod
    def _ascending(cls, alert_at: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
        if len(set(alert_at)) != len(alert_at) or len(alert_at) > bounds.ALERTS_PER_RULE_MAX:
            raise ValueError(f"at most {bounds.ALERTS_PER_RULE_MAX} shares, each once")
        return tuple(sorted(alert_at))

    @field_validator("slider_usd")
    @classmethod
    def _from_to(cls, slider: tuple[Decimal, Decimal] | None) -> tuple[Decimal, Decimal] | None:
        if slider is not None and slider[0] >= slider[1]:
            raise ValueError("two amounts, the smaller first")
        return slider

    def as_rule(self, timezone: str) -> Rule:
        """The rule that admission reads."""
        slider = None
        if self.slider_usd is not None:
            slider = (usd_to_nano(self.slider_usd[0]), usd_to_nano(self.slider_usd[1]))
        return Rule(
            name=self.name,
            limit_nano=usd_to_nano(self.limit_usd),
            window=self.window,
            timezone=timezone,
            match=self.match,
            each=self.each,
            counts=self.counts,
            alert_at_mille=tuple(map(alert_mille, self.alert_at)),
            slider_nano=slider,
            locked=self.locked,
        )


def _default_rules() -> tuple[RuleSettings, ...]:
    return tuple(RuleSettings.model_validate(rule) for rule in DEFAULT_RULES)


class Budgets(Section):
    """What may be spent."""

    timezone: Zone = "UTC"
    primary: str | None = None
    rules: tuple[RuleSettings, ...] = Field(
        default_factory=_default_rules, max_length=bounds.RULES_MAX
    )

    def primary_index(self) -> int | None:
        """The position of the rule behind the overview, None where no rule can be it.

        Where none is named: `monthly`, else the first rule that has a single limit.
        """
        wanted = fold(self.primary or "monthly")
        for index, rule in enumerate(self.rules):
            if fold(rule.name) == wanted:
                return index
        if self.primary is not None:
            return None
        return next((i for i, rule in enumerate(self.rules) if not rule.each), None)
