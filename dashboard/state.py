"""What is looked at, as it stands in the URL: nothing about a view is kept anywhere else.

/admin/budget/agents?period=7d&granularity=day&agent=SEO&agent=EMAIL&compare=previous
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from config.names import canonical_name

PERIODS: Final = ("24h", "7d", "30d", "month")
GRANULARITIES: Final = ("auto", "hour", "day", "week", "month")
GROUPS: Final = ("none", "agent", "campaign", "model", "endpoint", "key", "status")
FILTERS: Final = ("agent", "campaign", "model", "endpoint", "key", "status")
FINDS: Final = ("call", "action", "person", "text", "before", "mode", "tier")
"""What one list alone is searched by: a call's id; of the audit log, what was done, by whom,
which words, and below which line; of the model prices, the kind of model and the tier."""
NAMED: Final = (*FILTERS, *FINDS)
DEFAULT_PERIOD: Final = "month"
FILTER_VALUES_MAX: Final = 20
"""Of one filter; more are a mistake, and a long statement."""
QUERY_CHARS_MAX: Final = 4096
RANGE_DAYS_MAX: Final = 1096
OPENED_CHARS_MAX: Final = 400
"""Of a rule's name with those of a value of several dimensions."""
_FIELDS_MAX: Final = 200
_SORT: Final = re.compile(r"-?[a-z_]{1,32}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class View:
    """One view of one section. A custom range (`first` to `last`, both days included, in the
    time zone of the budgets) takes the place of `period`, which is then empty."""

    section: str
    period: str = DEFAULT_PERIOD
    first: date | None = None
    last: date | None = None
    granularity: str = "auto"
    group_by: str = "none"
    compare: bool = False
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    """The column by which a table is sorted, with `-` before it from the largest down; empty: as
    the section has it."""
    every: bool = False
    """All rows, not only the first few."""
    opened: str = ""
    """What lies open over the section; no other address of the view has it."""
    problems: tuple[str, ...] = ()
    """What in the URL could not be used, in words; a default stands in its place."""

    def interval(self, now_ms: int, timezone: str) -> tuple[int, int]:
        """From when to when, milliseconds, the end not included."""
        zone = ZoneInfo(timezone)
        now = datetime.fromtimestamp(now_ms / 1000, zone)
        if self.first and self.last:
            return _midnight(self.first, zone), _midnight(self.last + timedelta(days=1), zone)
        if self.period == "month":
            return _midnight(now.date().replace(day=1), zone), now_ms
        hours = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24}[self.period]
        return now_ms - hours * 3_600_000, now_ms

    def previous(self, now_ms: int, timezone: str) -> tuple[int, int]:
        """The period before, as long as this one; of a month so far, as much of the last."""
        start, end = self.interval(now_ms, timezone)
        if self.period != "month" or self.first:
            return start - (end - start), start
        zone = ZoneInfo(timezone)
        before = (datetime.fromtimestamp(start / 1000, zone) - timedelta(days=1)).date()
        before_start = _midnight(before.replace(day=1), zone)
        return before_start, min(before_start + (end - start), start)

    def step(self, now_ms: int, timezone: str) -> str:
        """How wide one point is: what was asked, else what fits the length of the period."""
        if self.granularity != "auto":
            return self.granularity
        start, end = self.interval(now_ms, timezone)
        days = (end - start) / 86_400_000
        return "hour" if days <= 3 else "day" if days <= 92 else "week"

    @property
    def query(self) -> str:
        """The query string, without `?`; what is as by default is left out."""
        parts: list[tuple[str, str]] = []
        if self.first and self.last:
            parts += [("from", self.first.isoformat()), ("to", self.last.isoformat())]
        elif self.period != DEFAULT_PERIOD:
            parts.append(("period", self.period))
        if self.granularity != "auto":
            parts.append(("granularity", self.granularity))
        if self.group_by != "none":
            parts.append(("group_by", self.group_by))
        if self.compare:
            parts.append(("compare", "previous"))
        if self.every:
            parts.append(("show", "all"))
        if self.sort:
            parts.append(("sort", self.sort))
        parts += [(name, value) for name in NAMED for value in self.filters.get(name, ())]
        return urlencode(parts)

    def href(self, prefix: str) -> str:
        """The address of this view below `prefix`."""
        slug = "" if self.section == "overview" else self.section
        return f"{prefix}{slug}?{self.query}" if self.query else f"{prefix}{slug}"

    def opening(self, name: str, prefix: str) -> str:
        """The address of this view with `name` open over it."""
        there = self.href(prefix)
        return f"{there}{'&' if '?' in there else '?'}{urlencode({'open': name})}"

    def having(self, name: str, values: tuple[str, ...]) -> "View":
        """The same view with another set of values in one filter."""
        filters = {key: kept for key, kept in self.filters.items() if key != name}
        return replace(self, filters=filters | ({name: values} if values else {}))


def parse(section: str, query: str) -> View:
    """The view that a URL asks for. Never fails: what cannot be used is told in `problems`."""
    problems: list[str] = []
    text = query.removeprefix("?")
    if len(text) > QUERY_CHARS_MAX:
        return View(section, problems=("The address is too long: it was not read.",))
    try:
        given = parse_qsl(text, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return View(section, problems=("The address has too many parts: it was not read.",))
    one = {name: value for name, value in given if name not in NAMED}
    first, last = _range(one.get("from"), one.get("to"), problems)
    period = _one_of("period", one.get("period"), PERIODS, DEFAULT_PERIOD, problems)
    view = View(
        section=section,
        period="" if first else period,
        first=first,
        last=last,
        granularity=_one_of("granularity", one.get("granularity"), GRANULARITIES, "auto", problems),
        group_by=_one_of("group_by", one.get("group_by"), GROUPS, "none", problems),
        compare=_one_of("compare", one.get("compare"), ("none", "previous"), "none", problems)
        == "previous",
        filters=_filters(given, problems),
        every=_one_of("show", one.get("show"), ("top", "all"), "top", problems) == "all",
        sort=_sort(one.get("sort"), problems),
        opened=opened_name(one.get("open")) or "",
    )
    return replace(view, problems=tuple(problems))


def _one_of(
    name: str, given: str | None, allowed: tuple[str, ...], default: str, problems: list[str]
) -> str:
    if given is None or given in allowed:
        return given or default
    problems.append(f"{name} is one of {', '.join(allowed)}; {default} is shown.")
    return default


def _range(
    first: str | None, last: str | None, problems: list[str]
) -> tuple[date | None, date | None]:
    if first is None and last is None:
        return None, None
    days = _day(first), _day(last or first)
    if days[0] is None or days[1] is None:
        problems.append("from and to are days like 2026-01-31; the month is shown.")
    elif not days[0] <= days[1] <= days[0] + timedelta(days=RANGE_DAYS_MAX):
        problems.append(
            f"to is not before from, and at most {RANGE_DAYS_MAX} days later; the month is shown."
        )
    else:
        return days
    return None, None


def _day(text: str | None) -> date | None:
    if text is None or not _DAY.fullmatch(text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2999 else None


def opened_name(given: object) -> str | None:
    """The name of what is asked to lie open; None where it is none."""
    if not isinstance(given, str) or not given or len(given) > OPENED_CHARS_MAX:
        return None
    return given if given.isprintable() else None


def _sort(given: str | None, problems: list[str]) -> str:
    if given is None or _SORT.fullmatch(given):
        return given or ""
    problems.append("sort is a column, with - before it from the largest down.")
    return ""


def _filters(given: list[tuple[str, str]], problems: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in NAMED:
        asked = [value for key, value in given if key == name]
        values = tuple(dict.fromkeys(v for v in map(canonical_name, asked) if v))
        if len(values) < len(set(asked)):
            problems.append(f"{name}: a value is empty, too long or not printable.")
        if len(values) > FILTER_VALUES_MAX:
            problems.append(f"{name}: only the first {FILTER_VALUES_MAX} values are used.")
        if values:
            found[name] = values[:FILTER_VALUES_MAX]
    return found


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
