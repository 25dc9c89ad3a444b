"""At which shares of a rule's limit to alert, and who says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from budget.thresholds import set_in
from config.rules import Rule
from insights.books import Books
from insights.sources import Source, of_file, overridden
from storage.holds import Interval
from storage.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Alerting:
    """The thresholds of a rule that bind now; all its values share them."""

    at_mille: tuple[int, ...]
    """Shares of the limit, rising."""
    file_mille: tuple[int, ...]
    """What binds once an override is lifted."""
    source: Source


def alerting(books: Books, rule: Rule, window: Interval, made: Sequence[Thresholds]) -> Alerting:
    """What binds in a window; `made` are the changes (of this rule and others), oldest first."""
    own = [one for one in made if one.counter == rule.counter]
    version = own[-1].version if own else 0
    bound = set_in(rule, own, window.start_ms, books.now_ms)
    if bound is not None and bound.at_mille is not None:
        return Alerting(bound.at_mille, rule.alert_at_mille, overridden(bound, version))
    source = of_file(books, rule, "alert_at", version)
    return Alerting(rule.alert_at_mille, rule.alert_at_mille, source)
