"""What alert thresholds would say, before they are set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from budget.windows import window_at
from config.rules import Rule, Window, percent_text
from insights.alerts import FULL_MILLE
from insights.books import Books
from insights.outlook import Outlook, outlook
from insights.period import Granularity, cut
from insights.rules import VALUES_MAX, RuleRow, rules
from insights.spend import spent_by_bucket

NAMED_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Reach:
    """One threshold of a budget."""

    at_mille: int
    reached: bool
    """It would tell at once."""
    since_ms: int | None
    """The hour or day in which it would have told; None: not reached, or nobody can say."""
    expected_ms: int | None
    """When it is expected to; None: not before the window's end, or nothing is foretold."""
    values: int
    """Of a rule that splits: how many of its values have reached it."""


@dataclass(frozen=True, slots=True)
class ThresholdPreview:
    """The consequence of thresholds: a sentence for each."""

    reaches: tuple[Reach, ...]
    sentences: tuple[str, ...]

    @property
    def tells_now(self) -> bool:
        """Whether any would tell at once."""
        return any(reach.reached for reach in self.reaches)


async def threshold_preview(
    books: Books, row: RuleRow, at_mille: Sequence[int]
) -> ThresholdPreview:
    """What `at_mille` would mean for a rule (its own row of `insights.rules.rules`)."""
    if not at_mille:
        none = "Nobody is told before calls are refused."
        return ThresholdPreview((), (none,))
    if row.rule.each:
        return await _of_values(books, row.rule, at_mille)
    course = await _course(books, row) if row.rule.window is not Window.TOTAL else []
    ahead = await outlook(books.ledger, row.rule, row.window, row.posted_nano, books.now_ms)
    reaches = tuple(_reach(row, at, course, ahead) for at in at_mille)
    return ThresholdPreview(reaches, _sentences(row, reaches, ahead))


async def _of_values(books: Books, rule: Rule, at_mille: Sequence[int]) -> ThresholdPreview:
    rows = [
        one
        for one in await rules(books, values_max=VALUES_MAX)
        if one.rule.counter == rule.counter and one.value_name
    ]
    each = " and ".join(dimension.value for dimension in rule.each)
    reaches, sentences = [], []
    for at in at_mille:
        over = [one.value_name for one in rows if (one.utilisation_mille or 0) >= at]
        reaches.append(Reach(at, bool(over), None, None, len(over)))
        if over:
            names = ", ".join(over[:NAMED_MAX]) + (" …" if len(over) > NAMED_MAX else "")
            sentences.append(
                f"{percent_text(at)} would tell at once of {_counted(len(over), each)}: {names}."
            )
    short = [reach.at_mille for reach in reaches if not reach.reached]
    if short:
        sentences.append(f"No {each} has reached {_listed(short, 'or')} of its limit.")
    return ThresholdPreview(tuple(reaches), tuple(sentences))


async def _course(books: Books, row: RuleRow) -> list[tuple[int, int]]:
    """What was spent by the end of each hour or day so far: its start, and the sum."""
    rule, start = row.rule, row.window.start_ms
    grain = _grain(rule)
    end = window_at(Window(grain), rule.timezone, books.now_ms).end_ms
    buckets = cut(start, end, grain, rule.timezone)
    total, found = 0, []
    for bucket, nano in zip(
        buckets, await spent_by_bucket(books.ledger, rule, buckets), strict=True
    ):
        total += nano
        found.append((bucket.start_ms, total))
    return found


def _reach(row: RuleRow, at_mille: int, course: Sequence[tuple[int, int]], ahead: Outlook) -> Reach:
    level = row.limit_nano * at_mille // FULL_MILLE
    if (row.utilisation_mille or 0) >= at_mille:
        since = next((start for start, spent in course if spent >= level), None)
        return Reach(at_mille, True, since, None, 0)
    return Reach(at_mille, False, None, ahead.runs_out_ms(level), 0)


def _sentences(row: RuleRow, reaches: Sequence[Reach], ahead: Outlook) -> tuple[str, ...]:
    told = [f"Now it is at {percent_text(row.utilisation_mille or 0)}."]
    for reach in reaches:
        share = percent_text(reach.at_mille)
        if reach.reached:
            since = f"; it would have {_moment(row.rule, reach.since_ms)}" if reach.since_ms else ""
            told.append(f"{share} would tell at once{since}.")
        elif reach.expected_ms is not None and reach.at_mille <= FULL_MILLE:
            told.append(f"{share} is expected to tell {_moment(row.rule, reach.expected_ms)}.")
    later = [
        reach.at_mille
        for reach in reaches
        if not reach.reached and reach.expected_ms is None and reach.at_mille <= FULL_MILLE
    ]
    above = [r.at_mille for r in reaches if not r.reached and r.at_mille > FULL_MILLE]
    if later:
        are = "are" if len(later) > 1 else "is"
        what = "not expected to be reached" if ahead.steps else "not reached yet"
        told.append(f"{_listed(later, 'and')} {are} {what}.")
    if above:
        told.append(f"{_listed(above, 'and')} would tell of spend above the limit.")
    return tuple(told)


def _listed(at_mille: Sequence[int], joined: str) -> str:
    *first, last = map(percent_text, at_mille)
    return f"{', '.join(first)} {joined} {last}" if first else last


def _counted(number: int, each: str) -> str:
    return f"{number} {each}" if number == 1 else f"{number} {each}s"


def _moment(rule: Rule, time_ms: int) -> str:
    at = datetime.fromtimestamp(time_ms // 1_000, ZoneInfo(rule.timezone))
    return f"at {at:%H:%M}" if _grain(rule) == "hour" else f"on {at:%-d %B}"


def _grain(rule: Rule) -> Granularity:
    return "hour" if rule.window in (Window.HOUR, Window.DAY) else "day"
