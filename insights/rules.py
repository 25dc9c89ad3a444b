"""Every rule, and every live value of an `each` rule, as it stands now."""

from dataclasses import dataclass, replace
from typing import Final, cast

from budget.windows import current_window
from config.rules import DIMENSIONS, UNATTRIBUTED, Dimension, Rule, fold, value_digest
from insights.books import Books, Tone, at_one_moment, mille_of, tone_of
from insights.sources import Source, of_file, overridden
from insights.thresholds import Alerting, alerting
from storage import generations
from storage import thresholds as set_thresholds
from storage.errors import StorageError
from storage.glance import Glance, glance
from storage.holds import NO_WINDOW_END_MS, Interval
from storage.names import campaign_names
from storage.notices import CALLERS, Refused, refused_since
from storage.override_history import Made, changes, in_force
from storage.presence import READY
from storage.snapshot import Counted, Snapshot, read_snapshot
from storage.sums import OTHER
from storage.usage import COLUMN_OF, By, used_by

VALUES_MAX: Final = 200
_EVERY_SEQ: Final = (1 << 63) - 1
Value = tuple[tuple[Dimension, str], ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One budget now: a rule, or one value of an `each` rule. Amounts nano-dollars."""

    rule: Rule
    value: tuple[tuple[Dimension, str], ...]
    """() for the rule itself; else the value's names as `budget.overrides.Wanted` takes them."""
    value_name: str
    """"" for the rule itself; "other" for the shared value."""
    window: Interval
    resets_ms: int | None
    """None for `total`."""
    posted_nano: int
    held_nano: int
    live: bool
    """Posted and held by Redis; else by the ledger (held 0), while Redis is away."""
    limit_nano: int
    file_limit_nano: int
    """What binds once an override is lifted."""
    source: Source
    locked: bool
    refused: int
    """Calls this rule refused in its window."""
    utilisation_mille: int | None
    tone: Tone
    values: int
    """Of an `each` rule's own row: how many values are live."""
    alerting: Alerting


@at_one_moment
async def rules(books: Books, *, values_max: int = VALUES_MAX) -> tuple[RuleRow, ...]:
    """Rules in the order of the file, each followed by its fullest values."""
    in_force, snapshot = await _in_force(books)
    now_ms = snapshot.now_ms if snapshot else books.now_ms
    history = _by_base(await changes(books.ledger))
    windows = {rule.counter: current_window(rule, now_ms) for rule in in_force}
    starts = [window.start_ms for window in windows.values()]
    each = {dimension.value for rule in in_force for dimension in rule.each}
    callers = [caller for caller in CALLERS if caller in each]
    refused = await refused_since(books.ledger, *starts, by=callers) if in_force else []
    names = await campaign_names(books.ledger)
    set_here = await set_thresholds.changes(books.ledger)
    found: list[RuleRow] = []
    for rule in in_force:
        window = windows[rule.counter]
        alerts = alerting(books, rule, window, set_here)
        desk = _Desk(books, rule, window, history, refused, names, alerts)
        found += await desk.rows(snapshot, values_max)
    return tuple(found)


@at_one_moment
async def primary_row(books: Books, alerts: Alerting | None = None) -> RuleRow | None:
    """The primary rule's own row alone, cheaply; `refused` is not counted in it.

    `alerts` are its thresholds where they are known already.
    """
    rule = books.primary
    if rule is None or rule.each:
        return None
    window = current_window(rule, books.now_ms)
    history = _by_base(await changes(books.ledger, rule.counter))
    if alerts is None:
        made = await set_thresholds.changes(books.ledger, rule.counter)
        alerts = alerting(books, rule, window, made)
    desk = _Desk(books, rule, window, history, [], {}, alerts)
    look: Glance | None
    try:
        look = await glance(books.link, [(rule, window, "")])
    except StorageError:
        look = None
    if look is not None and look.state == READY:
        return replace(desk.row("", (), "", look.counted[0], None, 0), live=True)
    counted = await desk.counted(None)
    return desk.row("", (), "", counted.get("", Counted(0, 0)), None, 0)


async def _in_force(books: Books) -> tuple[tuple[Rule, ...], Snapshot | None]:
    """The rules published, and how Redis stands; the file's rules and None while it is away."""
    try:
        generation = await generations.load(books.link)
        snapshot = await read_snapshot(books.link)
    except StorageError:
        return books.loaded.rules, None
    published = generation.rules if generation else books.loaded.rules
    return published, snapshot if snapshot.state == READY else None


def _by_base(made: list[Made]) -> dict[tuple[str, str], list[Made]]:
    found: dict[tuple[str, str], list[Made]] = {}
    for change in made:
        found.setdefault((change.counter, change.value), []).append(change)
    return found


@dataclass(frozen=True, slots=True)
class _Desk:
    """One rule with all that its rows are made of."""

    books: Books
    rule: Rule
    window: Interval
    history: dict[tuple[str, str], list[Made]]
    refused: list[Refused]
    names: dict[str, str]
    alerting: Alerting

    async def rows(self, snapshot: Snapshot | None, values_max: int) -> list[RuleRow]:
        """The rule's row, then those of its values."""
        counted, named = await self.counted(snapshot), await self._named()
        if not self.rule.each:
            return [self.row("", (), "", counted.get("", Counted(0, 0)), snapshot, 0)]
        whole = Counted(
            sum(c.posted_nano for c in counted.values()), sum(c.held_nano for c in counted.values())
        )
        set_here = {
            value: made[-1].value_name
            for (counter, value), made in self.history.items()
            if counter == self.rule.counter and value
        }
        values = sorted({*counted, *set_here}, key=lambda v: _fullness(counted.get(v)))
        rows = [self.row("", (), "", whole, snapshot, len(counted))]
        for value in values[:values_max]:
            parts = named.get(value, ())
            name = " / ".join(text for _, text in parts) or set_here.get(value) or value
            rows.append(
                self.row(value, parts, name, counted.get(value, Counted(0, 0)), snapshot, 0)
            )
        return rows

    def row(
        self,
        value: str,
        parts: Value,
        name: str,
        counted: Counted,
        snapshot: Snapshot | None,
        values: int,
    ) -> RuleRow:
        rule, window = self.rule, self.window
        limit, source = self._limit(value)
        # The row of an `each` rule sums its values: no limit is compared with that.
        compared = None if rule.each and not value else limit
        full = counted.posted_nano + counted.held_nano
        return RuleRow(
            rule=rule,
            value=parts,
            value_name=name,
            window=window,
            resets_ms=None if window.end_ms == NO_WINDOW_END_MS else window.end_ms,
            posted_nano=counted.posted_nano,
            held_nano=counted.held_nano,
            live=snapshot is not None,
            limit_nano=limit,
            file_limit_nano=rule.limit_nano,
            source=source,
            locked=rule.locked,
            refused=sum(one.count for one in self.refused if self._refused(one, parts)),
            utilisation_mille=mille_of(counted.posted_nano, compared),
            tone=tone_of(
                counted.posted_nano,
                compared,
                refusing=compared is not None
                and full >= compared
                and counted.posted_nano >= compared,
            ),
            values=values,
            alerting=self.alerting,
        )

    def _refused(self, one: Refused, parts: Value) -> bool:
        if one.rule != self.rule.name or one.since_ms < self.window.start_ms:
            return False
        told = {
            Dimension.AGENT: one.agent, Dimension.CAMPAIGN: one.campaign, Dimension.KEY: one.key
        }  # fmt: skip
        return all(fold(told.get(d, text)) == fold(text) for d, text in parts)

    def _limit(self, value: str) -> tuple[int, Source]:
        """As the scripts choose: the value's own override, the rule's, the file's limit."""
        rule = self.rule
        own = self.history.get((rule.counter, value), [])
        of_rule = self.history.get((rule.counter, ""), []) if value else []
        version = own[-1].version if own else 0
        if not rule.locked:
            for made in (own, of_rule):
                bound = in_force(made, self.window.start_ms, self.books.now_ms)
                if bound is not None and bound.limit_nano is not None:
                    return bound.limit_nano, overridden(bound, version)
        return rule.limit_nano, of_file(self.books, rule, "limit_usd", version)

    async def counted(self, snapshot: Snapshot | None) -> dict[str, Counted]:
        if snapshot is not None:
            for counter in snapshot.counters:
                if (counter.counter, counter.window) == (self.rule.counter, self.window):
                    return counter.values
            return {}
        sums = await self.books.ledger.sums(
            self.rule, self.window.start_ms, self.window.end_ms, _EVERY_SEQ
        )
        return {v: Counted(found.amount(self.rule.counts), 0) for v, found in sums.items()}

    async def _named(self) -> dict[str, Value]:
        """The names behind the digests of an `each` rule's values."""
        rule = self.rule
        if not rule.each:
            return {}
        if len(rule.each) == 1 and rule.each[0].value in COLUMN_OF:
            dimension = rule.each[0]
            by = cast("By", dimension.value)
            used = await used_by(self.books.ledger, by, self.window)
            return {
                value_digest(text or UNATTRIBUTED): ((dimension, self.names.get(text, text)),)
                for text in used
            }
        sums = await self.books.ledger.sums(
            rule, self.window.start_ms, self.window.end_ms, _EVERY_SEQ
        )
        each = [dimension for dimension in DIMENSIONS if dimension in rule.each]
        return {
            value: tuple(zip(each, found.name.split(" / "), strict=False))
            for value, found in sums.items()
            if value != OTHER
        }


def _fullness(counted: Counted | None) -> int:
    return -(counted.posted_nano + counted.held_nano) if counted else 0
