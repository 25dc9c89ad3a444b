"""What has happened so far in a demo, as its agents saw it."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.demo.agents import Answer
from app.demo.workload import Ask


@dataclass(slots=True)
class Line:
    """Calls of one campaign or agent type; amounts in nano-dollars."""

    calls: int = 0
    refused: int = 0
    failed: int = 0
    tokens: int = 0
    charge_nano: int = 0

    def count(self, answer: Answer) -> None:
        """Add one call."""
        self.calls += 1
        self.tokens += answer.tokens
        self.charge_nano += answer.charge_nano
        if answer.refusal is not None:
            self.refused += 1
        elif answer.status != 200:
            self.failed += 1


@dataclass(slots=True)
class Tally:
    """All calls, by campaign and by agent type. `limits` are campaigns' budgets where known."""

    limits: Mapping[str, int]
    whole: Line = field(default_factory=Line)
    campaigns: dict[str, Line] = field(default_factory=dict)
    agents: dict[str, Line] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    _began: float = field(default_factory=time.monotonic)
    _ended: float | None = None

    def count(self, ask: Ask, answer: Answer) -> None:
        """Add one call."""
        campaign = self.campaigns.setdefault(ask.campaign, Line())
        agent = self.agents.setdefault(ask.agent, Line())
        for line in (self.whole, campaign, agent):
            line.count(answer)
        if answer.refusal is not None:
            self.refusals[answer.refusal] += 1

    def end(self) -> None:
        """Stop the clock."""
        self._ended = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def calls_a_second(self) -> float:
        """On average."""
        return self.whole.calls / max(self.seconds, 0.001)
