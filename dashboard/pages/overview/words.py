"""The overview's figures in words: what each card says, and what it is compared with."""

from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from config.money import NANO_PER_USD
from config.rules import Rule, Window
from dashboard import formats
from dashboard.components.basics import Tone
from dashboard.components.controls import LimitView
from dashboard.components.limit_form import origin_words
from dashboard.components.overview import Agent, Campaign, Figure
from dashboard.components.overview import Overview as Shown
from dashboard.context import PREFIX
from dashboard.figures_data import BurnUp, Mark
from dashboard.pages.overview.figures import Read
from dashboard.state import View
from insights.burnup import Burnup
from insights.overview import BudgetCard, ProjectionCard
from insights.overview import Figure as Number
from insights.rules import RuleRow
from storage.holds import NO_WINDOW_END_MS, Interval

CAMPAIGNS_SHOWN: Final = 5
AGENTS_SHOWN: Final = 8
FOLLOWING: Final = ("transactions", "agents", "campaigns")
"""Sections that a click leads to with the filters in force."""
SLIDER_USD: Final = (100, 5_000)
"""Where a rule says nothing of its slider."""
UNATTRIBUTED: Final = "unattributed"
PERIODS: Final = {"24h": "in 24 h", "7d": "in 7 days", "30d": "in 30 days", "month": "this month"}
VERSUS: Final = {
    "24h": "vs. 24 h before",
    "7d": "vs. 7 d before",
    "30d": "vs. 30 d before",
    "month": "vs. last month",
}
TONES: Final[dict[str, Tone]] = {"green": "cyan", "yellow": "amber", "red": "red"}
_OF: Final = {
    Window.HOUR: "the hour's budget",
    Window.DAY: "the day's budget",
    Window.WEEK: "the week's budget",
    Window.MONTH: "the month's budget",
    Window.TOTAL: "the whole budget",
}


def shown(read: Read, view: View) -> Shown:
    """Everything in words."""
    found = read.overview
    return Shown(
        status=status(read),
        money=(_left(read, view), _spent(read, view), _held(read, view), _projected(read, view)),
        traffic=_traffic(read, view),
        counts=found.counts_sentence,
        burn=burn_of(read.burn) if read.burn else None,
        burn_note=_burn_note(read),
        campaigns=_campaigns(read),
        campaigns_note=(
            f"against each one's budget of the {read.campaign_window}"
            if read.campaign_window
            else ""
        ),
        agents=_agents(read),
        links={name: _link(name, view) for name in ("campaigns", "agents")},
    )


def status(read: Read) -> str:
    """One word of `STATUS`: what an admin has to know first."""
    if read.frozen is not None:
        return "frozen"
    budget = read.overview.budget
    if budget is None:
        return "unknown"
    return "refusing" if budget.refusing else budget.tone


def zone(read: Read) -> tzinfo:
    """The zone in which days begin."""
    return ZoneInfo(read.overview.period.timezone)


def window_words(rule: Rule, window: Interval, of: tzinfo) -> str:
    """A window as people call it: November, 22 Nov, the week from 16 Nov."""
    match rule.window:
        case Window.TOTAL:
            return "all time"
        case Window.MONTH:
            return f"{formats.local(window.start_ms, of):%B}"
        case Window.WEEK:
            return f"the week from {formats.day(window.start_ms, of)}"
        case Window.DAY:
            return formats.day(window.start_ms, of)
    return f"the hour from {formats.local(window.start_ms, of):%H:%M}"


def _link(section: str, view: View) -> str:
    filters = view.filters if section in FOLLOWING else {}
    return View(
        section, view.period, view.first, view.last, view.granularity, filters=filters
    ).href(PREFIX)


def _versus(view: View) -> str:
    return "vs. before" if view.first else VERSUS[view.period]


def _mean(total: int, count: int) -> int:
    return total // count if count else 0


def _left(read: Read, view: View) -> Figure:
    budget = read.overview.budget
    if budget is None:
        return Figure(
            "overview-left", "Budget left", formats.NONE, "budget", "grey",
            "no primary budget is configured", href=_link("rules", view),
        )  # fmt: skip
    word = status(read)
    return Figure(
        "overview-left",
        "Budget left",
        formats.money(budget.remaining_nano),
        "budget",
        "cyan" if word == "frozen" else "red" if word == "refusing" else TONES[budget.tone],
        f"of {formats.money(budget.limit_nano)}{_resets(read, budget)}",
        status=(word, None),
        course=_left_course(read),
        href=_link("rules", view),
    )


def _resets(read: Read, budget: BudgetCard) -> str:
    end = budget.window.end_ms
    return "" if end == NO_WINDOW_END_MS else f" · resets {formats.ago(end, read.now_ms)}"


def _left_course(read: Read) -> tuple[int, ...]:
    if read.burn is None or not read.burn.steps:
        return ()
    limit = read.burn.steps[-1].limit_nano
    return tuple(limit - point.cumulative_nano for point in read.burn.points)


def _elapsed(number: Number, read: Read) -> tuple[int, ...]:
    """The course so far: buckets ahead are not drawn."""
    buckets = read.overview.period.buckets
    return tuple(
        value
        for value, bucket in zip(number.series, buckets, strict=True)
        if bucket.start_ms <= read.now_ms
    )


def _spent(read: Read, view: View) -> Figure:
    found = read.overview
    budget, context = found.budget, ""
    if view.filters:
        context = "of what the filters leave"
    elif budget is not None and budget.utilisation_mille is not None and read.row is not None:
        of = _OF[read.row.rule.window]
        context = f"{formats.percent(budget.utilisation_mille)} of {of} used"
    name = "in this time" if view.first else PERIODS[view.period]
    return Figure(
        "overview-spent", f"Spent {name}", formats.money(found.spent.value), "spent", "purple",
        context, changed=(found.spent.change_mille, _versus(view)),
        course=_elapsed(found.spent, read), href=_link("transactions", view),
    )  # fmt: skip


def _held(read: Read, view: View) -> Figure:
    """Now, with what calls held on average: the amount itself has no past."""
    flight, found = read.overview.in_flight, read.overview
    if flight.held_nano is None or flight.calls is None:
        figure, context = formats.NONE, "Redis is away: nothing is admitted"
    else:
        figure, context = formats.money(flight.held_nano), "no call in flight"
        if flight.calls:
            oldest = formats.ago(flight.oldest_ms or read.now_ms, read.now_ms)
            context = f"{formats.count(flight.calls, 'call')} · oldest {oldest}"
    calls = found.requests
    mean = _mean(found.held.value, calls.value)
    before = _mean(found.held.before or 0, calls.before or 0)
    course = [_mean(held, count) for held, count in
              zip(_elapsed(found.held, read), _elapsed(calls, read), strict=True)]  # fmt: skip
    return Figure(
        "overview-held", "Held in flight", figure, "held", "amber", context,
        changed=(Number(mean, before, ()).change_mille, "a call"),
        course=course, href=_link("health", view), held=True,
    )  # fmt: skip


def _projected(read: Read, view: View) -> Figure:
    ahead, budget = read.overview.projection, read.overview.budget
    if ahead is None or budget is None:
        return Figure(
            "overview-projected", "Projected", formats.NONE, "forecast", "grey",
            "needs three full days to go by", href=_link("agents", view),
        )  # fmt: skip
    end = budget.window.end_ms
    name = (
        "Projected" if end == NO_WINDOW_END_MS else f"Projected, {formats.day(end - 1, zone(read))}"
    )
    word, words = _runs_out(ahead, read)
    changed = None
    if read.last_window_nano:
        changed = (
            Number(ahead.expected_nano, read.last_window_nano, ()).change_mille,
            _before(read),
        )
    return Figure(
        "overview-projected", name, formats.money(ahead.expected_nano), "forecast",
        "amber" if word == "yellow" else "red" if word == "red" else "green",
        f"{formats.money(ahead.low_nano)} to {formats.money(ahead.high_nano)}, 80 %",
        status=(word, words), changed=changed,
        course=[band.expected_nano for band in read.burn.forecast] if read.burn else (),
        href=_link("agents", view),
    )  # fmt: skip


def _before(read: Read) -> str:
    row = read.row
    assert row is not None
    if row.rule.window is Window.MONTH:
        return f"vs. {formats.local(row.window.start_ms - 1, zone(read)):%b}"
    return f"vs. the {row.rule.window.value} before"


def _runs_out(ahead: ProjectionCard, read: Read) -> tuple[str, str]:
    if ahead.runs_out_ms is None:
        return "green", "does not run out"
    if ahead.runs_out_ms <= read.now_ms:
        return "red", "has run out"
    return "yellow", f"runs out on {formats.day(ahead.runs_out_ms, zone(read))}"


def _traffic(read: Read, view: View) -> tuple[Figure, ...]:
    found, versus = read.overview, _versus(view)
    calls, refused, tokens = found.requests, found.refused, found.tokens
    output = tokens.value - found.input_tokens.value
    of_all = formats.per_mille(refused.value, refused.value + calls.value)
    cached = formats.per_mille(found.cached_tokens.value, found.input_tokens.value)
    failed = formats.integer(found.failed.value) if found.failed.value else "none"
    return (
        Figure(
            "overview-requests", "Requests", formats.integer(calls.value), "requests", "cyan",
            f"{failed} failed", changed=(calls.change_mille, versus), more_is_good=True,
            course=_elapsed(calls, read), href=_link("transactions", view),
        ),
        Figure(
            "overview-refused", "Refused", formats.integer(refused.value), "refused",
            "red" if refused.value else "grey",
            f"{formats.percent(of_all)} of all calls" if refused.value else "every call fitted",
            changed=(refused.change_mille, versus), course=_elapsed(refused, read),
            href=_link("rules", view),
        ),
        Figure(
            "overview-tokens", "Tokens", formats.compact(tokens.value), "tokens", "purple",
            f"{formats.compact(found.input_tokens.value)} in · {formats.compact(output)} out",
            changed=(tokens.change_mille, versus), course=_elapsed(tokens, read),
            href=_link("agents", view),
        ),
        Figure(
            "overview-savings", "Saved by cache", formats.money(found.cache_savings.value),
            "savings", "green", f"{formats.percent(cached)} of input was cached",
            changed=(found.cache_savings.change_mille, versus), more_is_good=True,
            course=_elapsed(found.cache_savings, read), href=_link("rates", view),
        ),
    )  # fmt: skip


def burn_of(found: Burnup) -> BurnUp:
    """The chart's data."""
    start = found.points[0].at_ms if found.points else found.window.start_ms
    end = found.pace[1][0]
    last = found.forecast[-1] if found.forecast else None
    level = {point.at_ms: point.cumulative_nano for point in found.points}
    return BurnUp(
        start_ms=start,
        end_ms=end,
        spent=[(point.at_ms, point.cumulative_nano) for point in found.points],
        limits=_lasting(found, (end - start) // 200),
        forecast=(last.expected_nano, last.low_nano, last.high_nano) if last else None,
        anomalies=[
            Mark(
                one.end_ms,
                level.get(one.end_ms, 0),
                f"{formats.day(one.start_ms)}: {formats.money(one.spent_nano)}, "
                f"usual {formats.money(one.expected_nano)}",
            )
            for one in found.anomalies
        ],
    )


def _lasting(found: Burnup, shortest_ms: int) -> list[tuple[int, int]]:
    """The limits that bound long enough to be drawn: one set and taken back leaves no mark."""
    ends = [step.at_ms for step in found.steps[1:]] + [found.window.end_ms]
    kept: list[tuple[int, int]] = []
    for step, end in zip(found.steps, ends, strict=True):
        lasts = step is found.steps[-1] or end - step.at_ms >= shortest_ms
        if lasts and (not kept or kept[-1][1] != step.limit_nano):
            kept.append((step.at_ms, step.limit_nano))
    return kept


def _burn_note(read: Read) -> str:
    if read.row is None or read.burn is None:
        return ""
    return f"{read.burn.rule}, {window_words(read.row.rule, read.burn.window, zone(read))}"


def limit_of(read: Read, *, may_change: bool) -> LimitView:
    """The primary rule's limit and where it comes from."""
    row = read.row
    assert row is not None
    return LimitView(
        label=f"Limit for {window_words(row.rule, row.window, zone(read))}",
        limit_nano=row.limit_nano,
        spent_nano=row.posted_nano,
        held_nano=row.held_nano,
        version=row.source.version,
        origin=origin(row, zone(read)),
        locked=row.locked,
        slider_usd=slider_usd(row.rule),
        can_change=may_change,
        window=row.rule.window.value if row.rule.window is not Window.TOTAL else "time",
    )


def slider_usd(rule: Rule) -> tuple[int, int]:
    """Between which whole dollars the panel sets a rule's limit."""
    if rule.slider_nano is None:
        return SLIDER_USD
    low, high = rule.slider_nano
    return low // NANO_PER_USD, high // NANO_PER_USD


def origin(row: RuleRow, of: tzinfo) -> str:
    """Where a limit comes from: a file with its line, or who set it, when, and for how long."""
    return origin_words(row.source, of)


def _campaigns(read: Read) -> list[Campaign]:
    return [
        Campaign(
            row.name,
            "" if row.campaign == UNATTRIBUTED else row.status,
            row.budget_spent_nano if row.budget_nano is not None else row.spent_nano,
            row.budget_nano,
        )
        for row in read.campaigns.rows[:CAMPAIGNS_SHOWN]
    ]


def _agents(read: Read) -> list[Agent]:
    spent = [row for row in read.agents.rows if row.spent_nano or row.use.entries]
    unnamed = [row for row in spent if row.agent == UNATTRIBUTED]
    named = [row for row in spent if row.agent != UNATTRIBUTED][: AGENTS_SHOWN - len(unnamed)]
    return [
        Agent(
            row.agent,
            row.spent_nano,
            row.share_mille,
            row.cost_per_execution_nano,
            Number(row.spent_nano, row.before_nano, ()).change_mille,
        )
        for row in [*named, *unnamed]
    ]
