"""What the ledger's calls would have cost by another price table, and whether they add up.

Every row keeps its units kind by kind, so that its provider cost can be computed again: by the
table that priced it, which must give the same amount, and by any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from budget.charge import provider_cost
from config.models import SINCE, Model, ModelTable
from storage.ledger import Ledger, Search
from storage.records import Flag, LedgerEntry, Status, Usage

NAMED_MAX: Final = 100
"""How many inconsistent rows are named; all are counted."""
IN_PARTS: Final = frozenset({"batches"})
"""Endpoints whose rows sum up many calls, each priced by its own length."""


@dataclass(frozen=True, slots=True)
class Line:
    """One requested model. `kept` of its rows have no units, or no price: taken as recorded."""

    model: str
    rows: int = 0
    kept: int = 0
    recorded_nano: int = 0
    repriced_nano: int = 0

    @property
    def difference_nano(self) -> int:
        """What the other table would have taken more."""
        return self.repriced_nano - self.recorded_nano


@dataclass(frozen=True, slots=True)
class Inconsistent:
    """A call whose units do not give the amount recorded, by its own prices."""

    hold_id: str
    entry: int
    seq: int
    model: str
    recorded_nano: int
    recomputed_nano: int


@dataclass(frozen=True, slots=True)
class Repriced:
    """What a price table makes of a part of the ledger."""

    lines: tuple[Line, ...]
    """By model, the largest difference first."""
    proven: int
    """Rows that the table in force priced, and gives the same amount for again."""
    inconsistent: tuple[Inconsistent, ...]
    """The first `NAMED_MAX` of those for which it does not."""
    inconsistent_rows: int
    other_versions: Mapping[str, int]
    """Rows that another table priced, by its version: only that table could prove them."""

    @property
    def total(self) -> Line:
        """All models together."""
        return Line(
            "",
            sum(line.rows for line in self.lines),
            sum(line.kept for line in self.lines),
            sum(line.recorded_nano for line in self.lines),
            sum(line.repriced_nano for line in self.lines),
        )


class Repricing:
    """Sums up rows as they come. `own` is the table in force, `against` the one to price by."""

    def __init__(self, own: ModelTable, against: ModelTable) -> None:
        self._own = own
        self._against = against
        self._lines: dict[str, Line] = {}
        self._proven = 0
        self._inconsistent: list[Inconsistent] = []
        self._inconsistent_rows = 0
        self._other_versions: dict[str, int] = {}

    def add(self, entry: LedgerEntry, before: Sequence[LedgerEntry] = ()) -> None:
        """Take a row in; `before` are the earlier rows of the same call."""
        if entry.status in (Status.VOIDED, Status.REFUSED):
            return
        repriced = None
        if _has_units(entry, before):
            earlier = sum(row.provider_nano for row in before)
            self._check(entry, earlier)
            model = self._against.resolve(entry.requested_model)
            priced = None if model is None else model.on(_day(entry.admitted_ms))
            if priced is not None and _sums_tell(entry, priced):
                repriced = provider_cost(priced, entry.usage, entry.tier) - earlier
        line = self._lines.get(entry.requested_model, Line(entry.requested_model))
        self._lines[line.model] = Line(
            line.model,
            line.rows + 1,
            line.kept + (repriced is None),
            line.recorded_nano + entry.provider_nano,
            line.repriced_nano + (entry.provider_nano if repriced is None else repriced),
        )

    def _check(self, entry: LedgerEntry, earlier: int) -> None:
        version, _, since = entry.price_version.partition(SINCE)
        if version != self._own.version:
            known = self._other_versions.get(entry.price_version, 0)
            self._other_versions[entry.price_version] = known + 1
            return
        recorded = earlier + entry.provider_nano
        model = _as_of(self._own.resolve(entry.requested_model), since)
        if model is not None and not _sums_tell(entry, model):
            return
        recomputed = provider_cost(model, entry.usage, entry.tier)
        if recomputed == recorded:
            self._proven += 1
            return
        self._inconsistent_rows += 1
        if len(self._inconsistent) < NAMED_MAX:
            self._inconsistent.append(
                Inconsistent(
                    entry.hold_id, entry.entry, entry.seq, entry.requested_model, recorded,
                    recomputed,
                )
            )  # fmt: skip

    def result(self) -> Repriced:
        """Everything so far."""
        lines = sorted(self._lines.values(), key=lambda li: (-abs(li.difference_nano), li.model))
        return Repriced(
            lines=tuple(lines),
            proven=self._proven,
            inconsistent=tuple(self._inconsistent),
            inconsistent_rows=self._inconsistent_rows,
            other_versions=dict(sorted(self._other_versions.items())),
        )


async def reprice(ledger: Ledger, own: ModelTable, against: ModelTable, wanted: Search) -> Repriced:
    """Price the rows that fit `wanted` anew, batch by batch; changes nothing.

    Raises `LedgerUnavailable`.
    """
    repricing = Repricing(own, against)
    async for batch in ledger.batches(wanted):
        later = [entry.hold_id for entry in batch if entry.entry > 0]
        histories = await ledger.ended(later) if later else {}
        for entry in batch:
            history = histories.get(entry.hold_id, ())
            repricing.add(entry, [row for row in history if row.entry < entry.entry])
    return repricing.result()


def _has_units(entry: LedgerEntry, before: Sequence[LedgerEntry]) -> bool:
    """Whether a row's amount follows from its units.

    That of an assumed call is what was held for it, and that of a correction by hand is
    somebody's word. A correction that brings units tells the truth about an assumed call.
    """
    if Flag.ASSUMED_PRICE in entry.flags:
        return False
    if entry.endpoint in IN_PARTS and not entry.usage.line_input_tokens:
        # Its own sums were all that was known, or an earlier version wrote it down.
        return False
    match entry.status:
        case Status.SETTLED | Status.FAILED:
            return entry.usage != Usage() or entry.provider_nano == 0
        case Status.CORRECTION:
            only_assumed = all(row.status is Status.ASSUMED for row in before)
            return only_assumed and entry.reason is None
        case _:
            return False


def _sums_tell(entry: LedgerEntry, model: Model) -> bool:
    """Whether a row's sums give its amount: lines of a batch may have prices of their own."""
    longest = entry.usage.line_input_tokens
    return entry.endpoint not in IN_PARTS or not model.has_steps_below(longest)


def _as_of(model: Model | None, since: str) -> Model | None:
    """The model with the prices that came into force on `since`; "" for its first prices."""
    return None if model is None else model.on(date.fromisoformat(since) if since else date.min)


def _day(time_ms: int) -> date:
    return datetime.fromtimestamp(time_ms / 1000, UTC).date()
