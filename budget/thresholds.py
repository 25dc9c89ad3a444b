"""Alert thresholds that admins set over those of the file: for one window, or until changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from budget.errors import Locked
from budget.overrides import span_text, window_meant
from budget.windows import current_window
from config import bounds
from config.rules import Rule, percent_text
from storage.audit import Act
from storage.ledger import Ledger
from storage.override_history import in_force
from storage.thresholds import Thresholds, changes, write


@dataclass(frozen=True, slots=True)
class WantedThresholds:
    """Thresholds for `rule` and all its values: shares of the limit in per mille, rising.

    `at_mille` None lifts what was set. `at_ms` lies in the one window that is meant; None: from
    now on, until changed.
    """

    rule: Rule
    at_mille: tuple[int, ...] | None
    at_ms: int | None
    who: str
    place: str
    why: str
    expected_version: int


def set_in(
    rule: Rule, made: Sequence[Thresholds], window_start_ms: int, now_ms: int
) -> Thresholds | None:
    """Which of a rule's changes, oldest first, binds a window; None: what the file says."""
    return None if rule.locked else in_force(made, window_start_ms, now_ms)


async def thresholds_in(
    ledger: Ledger, rule: Rule, window_start_ms: int, now_ms: int
) -> tuple[int, ...]:
    """The thresholds that bind a window, in per mille."""
    return _shares(rule, await changes(ledger, rule.counter), window_start_ms, now_ms)


async def set_thresholds(ledger: Ledger, wanted: WantedThresholds, now_ms: int) -> None:
    """Set or lift thresholds, with their audit line; they bind at once.

    Raises `Locked`, `PastMonth`, and `Conflict` (of storage) for a stale version.
    """
    rule, at_mille = wanted.rule, wanted.at_mille
    if rule.locked:
        raise Locked(f"ops locked the budget '{rule.name}': its thresholds are those of the file")
    if at_mille is not None:
        _assert_well_formed(at_mille)
    window = window_meant(rule, wanted.at_ms, now_ms)
    start = None if window is None else window.start_ms
    of_window = current_window(rule, now_ms).start_ms if start is None else start
    made = await changes(ledger, rule.counter)
    scope = span_text(rule, window)
    new = "as the file says" if at_mille is None else _told(at_mille)
    act = Act(
        "thresholds", wanted.who, wanted.place,
        f"{rule.name}: {_told(_shares(rule, made, of_window, now_ms))}",
        f"{rule.name}: {new} {scope}", wanted.why,
    )  # fmt: skip
    change = Thresholds(
        rule.name, rule.counter, wanted.expected_version + 1, at_mille, start, now_ms, wanted.who,
        wanted.why,
    )  # fmt: skip
    await write(ledger, change, act)


def _shares(
    rule: Rule, made: Sequence[Thresholds], window_start_ms: int, now_ms: int
) -> tuple[int, ...]:
    bound = set_in(rule, made, window_start_ms, now_ms)
    if bound is None or bound.at_mille is None:
        return rule.alert_at_mille
    return bound.at_mille


def _assert_well_formed(at_mille: tuple[int, ...]) -> None:
    assert len(at_mille) <= bounds.ALERTS_PER_RULE_MAX, at_mille
    assert all(0 < share <= bounds.ALERT_MILLE_MAX for share in at_mille), at_mille
    assert list(at_mille) == sorted(set(at_mille)), at_mille


def _told(at_mille: Sequence[int]) -> str:
    return ", ".join(percent_text(share) for share in at_mille) or "no alert"
