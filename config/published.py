"""Rules as one generation of them is published to a deployment.

JSON, with integers as decimal strings: Redis and Lua would lose digits of numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from config.money import Nano
from config.rules import Counts, Dimension, Rule, Window


def published_rule(rule: Rule) -> dict[str, Any]:
    """A rule as JSON can carry it without losing a digit."""
    slider = rule.slider_nano
    return {
        "name": rule.name,
        "limit_nano": str(rule.limit_nano),
        "window": rule.window.value,
        "timezone": rule.timezone,
        "match": {dimension.value: value for dimension, value in sorted(rule.match.items())},
        "each": [dimension.value for dimension in rule.each],
        "counts": rule.counts.value,
        "alert_at_mille": [str(mille) for mille in rule.alert_at_mille],
        "slider_nano": None if slider is None else [str(slider[0]), str(slider[1])],
        "locked": rule.locked,
    }


def rule_from_published(data: Mapping[str, Any]) -> Rule:
    """The rule again; raises `ValueError` or `KeyError` for what no `published_rule` made."""
    slider = data["slider_nano"]
    return Rule(
        name=data["name"],
        limit_nano=Nano(int(data["limit_nano"])),
        window=Window(data["window"]),
        timezone=data["timezone"],
        match={Dimension(dimension): value for dimension, value in data["match"].items()},
        each=tuple(Dimension(dimension) for dimension in data["each"]),
        counts=Counts(data["counts"]),
        alert_at_mille=tuple(int(mille) for mille in data["alert_at_mille"]),
        slider_nano=None if slider is None else (Nano(int(slider[0])), Nano(int(slider[1]))),
        locked=data["locked"],
    )


def rules_from_published(data: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a published generation, in their order."""
    rules: Sequence[Mapping[str, Any]] = data["rules"]
    return tuple(rule_from_published(rule) for rule in rules)
