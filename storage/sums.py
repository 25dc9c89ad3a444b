"""What the ledger says was spent under a rule: one sum for each value of the rule."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, Row, Select, func, select

from config.rules import DIMENSIONS, UNATTRIBUTED, Counts, Dimension, Rule, fold, value_digest
from storage.tables import billing_log

OTHER: Final = "other"
"""The shared value of an `each` rule that has too many."""

COLUMNS: Final = {
    Dimension.AGENT: "agent",
    Dimension.CAMPAIGN: "campaign",
    Dimension.TASK: "task",
    Dimension.KEY: "key",
    Dimension.MODEL: "requested_model",
    Dimension.ENDPOINT: "endpoint",
}


@dataclass(frozen=True, slots=True)
class Sums:
    """What one value of a rule has spent, nano-dollars; `name` is the value as callers wrote it."""

    name: str
    charge: int = 0
    provider: int = 0
    dearer: int = 0

    def amount(self, counts: Counts) -> int:
        """The sum that a rule which counts `counts` compares with its limit."""
        return int(getattr(self, counts.value))


def value_of(rule: Rule, values: Sequence[str]) -> str:
    """The value string of `rule` for dimension values in the order of `DIMENSIONS`."""
    each = zip(DIMENSIONS, values, strict=True)
    return ".".join(value_digest(value) for dimension, value in each if dimension in rule.each)


def sums_query(
    rule: Rule, start_ms: int, end_ms: int, up_to_seq: int, after_seq: int
) -> Select[Any]:
    """Sums by every spelling of the rule's values: folding is Python's, alike on all engines."""
    table = billing_log.c
    # A computed column has no index: for the newest entries the one of `seq` is far better, and
    # SQLite, which keeps no statistics, would not know.
    admitted = table.admitted_ms + 0 if after_seq else table.admitted_ms
    by = [*_columns(rule), table.overflow]
    sums = [func.sum(table[name]) for name in ("charge_nano", "provider_nano", "dearer_nano")]
    query = select(*by, *sums).where(
        admitted >= start_ms,
        admitted < end_ms,
        table.seq <= up_to_seq,
        table.status != "refused",
    )
    if after_seq:
        query = query.where(table.seq > after_seq)
    return query.group_by(*by)


def sums_of(rule: Rule, rows: Iterable[Row[Any]]) -> dict[str, Sums]:
    """Fold the rows of `sums_query` into values; a value whose sums are all 0 is left out."""
    dimensions = _dimensions(rule)
    wanted = {dimension: fold(value) for dimension, value in rule.match.items()}
    folded, digest = cache(fold), cache(value_digest)
    names: dict[str, str] = {}
    totals: dict[str, list[int]] = {}
    for row in rows:
        values = {d: row[at] or UNATTRIBUTED for at, d in enumerate(dimensions)}
        if any(folded(values[dimension]) != value for dimension, value in wanted.items()):
            continue
        overflow, charge, provider, dearer = tuple(row)[len(dimensions) :]
        value, name = OTHER, OTHER
        if not rule.each or rule.counter not in overflow.split(","):
            each = [values[dimension] for dimension in dimensions if dimension in rule.each]
            value, name = ".".join(map(digest, each)), " / ".join(each)
        names[value] = min(name, names.get(value, name))
        total = totals.setdefault(value, [0, 0, 0])
        # PostgreSQL sums BIGINT as NUMERIC, which arrives as Decimal.
        for at, amount in enumerate((charge, provider, dearer)):
            total[at] += int(amount)
    return {value: Sums(names[value], *total) for value, total in totals.items() if any(total)}


def _dimensions(rule: Rule) -> list[Dimension]:
    return [d for d in DIMENSIONS if d in rule.match or d in rule.each]


def _columns(rule: Rule) -> Iterator[Column[Any]]:
    return (billing_log.c[COLUMNS[dimension]] for dimension in _dimensions(rule))
