"""The rules in force, and which of them count a call, under which value and in which windows."""

from collections.abc import Sequence

from budget.windows import current_window, windows_around
from config.rules import DIMENSIONS, Rule, fold
from storage.generations import Generation
from storage.holds import Interval, RuleCheck
from storage.records import CallFacts, Posting


class Rulebook:
    """One generation of rules. Windows are kept until Redis's clock leaves them."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self._windows: dict[str, tuple[Interval, Interval]] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules of this generation."""
        return self.generation.rules

    def turn(self, now_ms: int) -> None:
        """Move every window to the one that holds `now_ms`, by Redis's clock."""
        for rule in self.rules:
            known = self._windows.get(rule.counter)
            if known is None or not known[0].start_ms <= now_ms < known[0].end_ms:
                self._windows[rule.counter] = windows_around(rule, now_ms)

    def applying(self, facts: CallFacts) -> list[Rule]:
        """The rules that count this call."""
        return [rule for rule in self.rules if _matches(rule, facts)]

    def checks(self, facts: CallFacts) -> list[RuleCheck]:
        """The rules that count this call, as the reserve script takes them."""
        digests = facts.digests()
        checks = []
        for rule in self.applying(facts):
            current, following = self._windows[rule.counter]
            value = _value(rule, digests)
            checks.append(
                RuleCheck(rule.name, rule.counter, rule.counts.value, value, current, following)
            )
        return checks

    def postings(self, facts: CallFacts, admitted_ms: int) -> tuple[Posting, ...]:
        """Where a call that was admitted then counts now, for one that Redis has forgotten."""
        digests = facts.digests()
        found = []
        for rule in self.applying(facts):
            window = current_window(rule, admitted_ms)
            found.append(
                Posting(
                    rule.counter,
                    window.start_ms,
                    window.end_ms,
                    _value(rule, digests),
                    rule.counts.value,
                )
            )
        return tuple(found)


def _matches(rule: Rule, facts: CallFacts) -> bool:
    return all(
        fold(facts.value(dimension)) == fold(value) for dimension, value in rule.match.items()
    )


def _value(rule: Rule, digests: Sequence[str]) -> str:
    return ".".join(
        digest
        for dimension, digest in zip(DIMENSIONS, digests, strict=True)
        if dimension in rule.each
    )
