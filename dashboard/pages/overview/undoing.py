"""The way back from the last change of a limit: what bound before it binds again."""

from budget.overrides import Wanted
from config.rules import Rule
from dashboard.errors import Invalid
from insights.rules import RuleRow
from storage.keys import By
from storage.ledger import Ledger
from storage.override_history import Made, changes, taken_back


async def undone(ledger: Ledger, row: RuleRow, by: By, version: int) -> list[Wanted]:
    """The changes that take back version `version` of a rule's limit, which must be the last."""
    made = await _of(ledger, row.rule)
    if not made:
        raise Invalid("Nothing was changed here: there is nothing to undo.")
    why = f"undoes version {made[-1].version}"
    return [
        Wanted(
            row.rule, former.limit_nano if former else None, window_start_ms, by.who, by.place,
            why, (), version + place,
        )
        for place, (window_start_ms, former) in enumerate(taken_back(made, row.window.start_ms))
    ]  # fmt: skip


async def last_change(ledger: Ledger, rule: Rule) -> Made | None:
    """Who changed a rule's limit last, and how."""
    made = await _of(ledger, rule)
    return made[-1] if made else None


async def _of(ledger: Ledger, rule: Rule) -> list[Made]:
    return [one for one in await changes(ledger, rule.counter) if not one.value]
