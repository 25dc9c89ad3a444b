"""A budget rule as data: what it matches, its window, its limit."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from config.money import Nano

UNATTRIBUTED: Final = "unattributed"
"""What a missing agent, campaign, task or key counts as."""


class Dimension(StrEnum):
    """What a rule may match on or split by, in the order in which digests are kept."""

    AGENT = "agent"
    CAMPAIGN = "campaign"
    TASK = "task"
    KEY = "key"
    MODEL = "model"
    ENDPOINT = "endpoint"


DIMENSIONS: Final = tuple(Dimension)


class Window(StrEnum):
    """How long a budget lasts before it starts anew."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


class Counts(StrEnum):
    """Which amount of a call a rule counts."""

    CHARGE = "charge"
    PROVIDER = "provider"
    DEARER = "dearer"


def fold(value: str) -> str:
    """The form in which two values are the same value."""
    return value.casefold()


def percent_text(mille: int) -> str:
    """Per mille as a percentage, exactly: 80%, 95.5%."""
    return f"{mille / 10:g}%"


def value_digest(value: str) -> str:
    """24 hex digits that stand for a folded dimension value in Redis: no name is kept there."""
    return hashlib.blake2b(fold(value).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """One budget. `match` values are folded; `alert_at` are shares in per mille of the limit."""

    name: str
    limit_nano: Nano
    window: Window
    timezone: str
    match: Mapping[Dimension, str] = field(default_factory=dict)
    each: tuple[Dimension, ...] = ()
    counts: Counts = Counts.CHARGE
    alert_at_mille: tuple[int, ...] = (800, 1000)
    slider_nano: tuple[Nano, Nano] | None = None
    locked: bool = False

    @property
    def counter(self) -> str:
        """The id of what this rule counts: independent of its name, limit and alerts."""
        match = [[d.value, fold(self.match[d])] for d in DIMENSIONS if d in self.match]
        each = [d.value for d in DIMENSIONS if d in self.each]
        text = json.dumps([match, each, self.window, self.timezone, self.counts])
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
