"""A ledger entry as a row of `billing_log`, and back."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, String

from config.rules import fold
from storage.records import Flag, LedgerEntry, Status, Usage
from storage.tables import UNIT_COLUMNS, billing_log

Row = dict[str, Any]

TEXT_CHARACTERS_MAX: Final = 1_000_000
"""How much a column without a length of its own takes."""

_PLAIN: Final = tuple(
    column.name
    for column in billing_log.columns
    if column.name in LedgerEntry.__slots__ and column.name not in {"status", "flags", "overflow"}
)
"""Columns that hold a field of the entry as it is."""


_TEXTS: Final = tuple(
    (column.name, column.nullable, column.type.length or TEXT_CHARACTERS_MAX)
    for column in billing_log.columns
    if isinstance(column.type, String)
)
_NUMBERS: Final = tuple(
    (column.name, column.nullable, 1 << (63 if isinstance(column.type, BigInteger) else 31))
    for column in billing_log.columns
    if isinstance(column.type, Integer) and column.name != "id"
)


def row_of(entry: LedgerEntry) -> Row:
    """The row of `entry`; whether SQL can take it, `problem_with` says."""
    row: Row = {name: getattr(entry, name) for name in _PLAIN}
    row.update((name, getattr(entry.usage, name)) for name in UNIT_COLUMNS)
    row["status"] = entry.status.value
    row["flags"] = ",".join(sorted(flag.value for flag in entry.flags))
    row["overflow"] = ",".join(entry.overflow)
    row["campaign_folded"] = fold(entry.campaign)
    return row


def entry_of(row: Mapping[Any, Any]) -> LedgerEntry:
    """The entry that `row` was made of."""
    return LedgerEntry(
        **{name: row[name] for name in _PLAIN},
        status=Status(row["status"]),
        usage=Usage(**{name: row[name] for name in UNIT_COLUMNS}),
        flags=frozenset(Flag(flag) for flag in _listed(row["flags"])),
        overflow=tuple(_listed(row["overflow"])),
    )


def problem_with(row: Row) -> str | None:
    """Why no database can keep `row`, alike on every engine; None where it can.

    SQLite takes any length and a NUL byte, PostgreSQL does not, and both drivers fail on a
    number beyond the column before the database sees it.
    """
    for name, nullable, length in _TEXTS:
        value = row[name]
        if value is None and nullable:
            continue
        wrong = _problem_with_text(value, length)
        if wrong:
            return f"{name} {wrong}"
    for name, nullable, bound in _NUMBERS:
        value = row[name]
        if value is None and nullable:
            continue
        if not isinstance(value, int):
            return f"{name} is no whole number: {value!r}"
        if not -bound <= value < bound:
            return f"{name} is beyond what the column holds: {value}"
    return None


def _problem_with_text(value: object, length: int) -> str | None:
    if not isinstance(value, str):
        return f"is no text: {value!r}"
    if len(value) > length:
        return f"has {len(value)} characters, the column holds {length}"
    if "\x00" in value:
        return "contains a NUL character"
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        return "contains half a surrogate pair: it is no UTF-8"
    return None


def _listed(text: str) -> Iterable[str]:
    return text.split(",") if text else ()
