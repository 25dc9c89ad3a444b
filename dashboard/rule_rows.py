"""From the name of what is opened to the row of its rule, also where nothing was spent yet."""

from dataclasses import replace
from typing import Final

from budget.overrides import Limits
from config.rules import DIMENSIONS, Rule, fold
from insights.books import Books
from insights.rules import RuleRow, Value, rules
from storage.override_history import Made, changes

SEPARATOR: Final = "/"
VALUES_SEPARATOR: Final = " / "
EVERY: Final = 10_000


def name_of(row: RuleRow) -> str:
    """How a row is named in an address: `per-campaign`, `per-campaign/holiday-2024`."""
    return f"{row.rule.name}{SEPARATOR}{row.value_name}" if row.value_name else row.rule.name


def value_of(rule: Rule, text: str) -> Value | None:
    """The value that a text names: a name for each dimension; None where some are missing."""
    each = [dimension for dimension in DIMENSIONS if dimension in rule.each]
    parts = [part.strip() for part in text.split(VALUES_SEPARATOR)] if len(each) > 1 else [text]
    if len(parts) != len(each) or not all(parts):
        return None
    return tuple(zip(each, parts, strict=True))


async def row_named(books: Books, name: str) -> RuleRow | None:
    """The row of a name in an address; one of a value that has not spent yet is made up."""
    rule, _, text = name.partition(SEPARATOR)
    every = await rules(books, values_max=EVERY)
    own = next((row for row in every if row.rule.name == rule and not row.value_name), None)
    if own is None or not text:
        return own
    same = [row for row in every if row.rule.name == rule and fold(row.value_name) == fold(text)]
    if same:
        return same[0]
    value = value_of(own.rule, text) if own.rule.each else None
    return None if value is None else await _unspent(books, own, value)


async def row_of(books: Books, rule: str, value: Value) -> RuleRow | None:
    """The row of a rule's value."""
    text = VALUES_SEPARATOR.join(part for _, part in value)
    return await row_named(books, f"{rule}{SEPARATOR}{text}")


async def _unspent(books: Books, own: RuleRow, value: Value) -> RuleRow:
    limits = Limits(books.link, books.ledger, lambda: books.now_ms)
    state = await limits.state(own.rule, value)
    return replace(
        own,
        value=value,
        value_name=VALUES_SEPARATOR.join(text for _, text in value),
        posted_nano=0,
        held_nano=0,
        refused=0,
        utilisation_mille=0,
        values=0,
        source=replace(own.source, version=state.version),
    )


async def history(books: Books, row: RuleRow) -> list[Made]:
    """Who set or lifted this limit, newest first."""
    made = await changes(books.ledger, row.rule.counter)
    same = [one for one in made if fold(one.value_name) == fold(row.value_name)]
    return same[::-1]
