"""The way back from the last change of a limit: what bound before it binds again."""

from budget.overrides import Wanted
from config.rules import Rule
from dashboard.errors import Invalid
from insights.rules import RuleRow
from storage.keys import By
from storage.ledger import Ledger
from storage.override_history import Made, changes, in_force


async def undone(ledger: Ledger, row: RuleRow, by: By, version: int) -> list[Wanted]:
    """The changes that take back version `version` of a rule's limit, which must be the last.

    A limit set until changed also lifted that of the window that runs: both are put back.
    """
    made = await _of(ledger, row.rule)
    if not made:
        raise Invalid("Nothing was changed here: there is nothing to undo.")
    last, before = made[-1], made[:-1]
    why = f"undoes version {last.version}"
    if last.window_start_ms is not None:
        former = _set_for(before, last.window_start_ms)
        return [Wanted(row.rule, former, last.window_start_ms, by.who, by.place, why, (), version)]
    back = [Wanted(row.rule, _set_for(before, None), None, by.who, by.place, why, (), version)]
    start = row.window.start_ms
    bound = in_force(before, start, last.made_ms)
    if bound is not None and bound.window_start_ms == start:
        limit = bound.limit_nano
        back.append(Wanted(row.rule, limit, start, by.who, by.place, why, (), version + 1))
    return back


async def last_change(ledger: Ledger, rule: Rule) -> Made | None:
    """Who changed a rule's limit last, and how."""
    made = await _of(ledger, rule)
    return made[-1] if made else None


async def _of(ledger: Ledger, rule: Rule) -> list[Made]:
    return [one for one in await changes(ledger, rule.counter) if not one.value]


def _set_for(made: list[Made], window_start_ms: int | None) -> int | None:
    """What was set for one window, or until changed, by the changes so far; None: nothing."""
    found: int | None = None
    for one in made:
        if one.window_start_ms == window_start_ms:
            found = one.limit_nano
        elif one.window_start_ms is None and (window_start_ms or 0) <= one.made_ms:
            found = None
    return found
