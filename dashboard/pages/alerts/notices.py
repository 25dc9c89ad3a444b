"""Figures as things to look at: thresholds, refusals, flags, quarantine, configuration, days."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import orjson

from config.rules import percent_text
from dashboard import formats
from dashboard.components.basics import when
from dashboard.components.notices import Notice
from dashboard.context import PREFIX
from dashboard.state import View
from insights.alerts import FULL_MILLE, Alerts, Refusals, Threshold
from insights.anomalies import Anomaly
from storage.records import Flag, LedgerEntry

NAMED_MAX: Final = 4
"""Of what one notice is about, so many are named."""
CROSSED_MAX: Final = 20
"""Budgets that are told one by one; the table has the rest."""

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "budget_exceeded": (
        "the budget is spent",
        "Raise its limit, or let it be: calls are taken again when its window begins anew.",
    ),
    "budget_in_flight": (
        "calls in flight held what was left",
        "These may be sent again at once. Where it goes on: give calls a lower ceiling of output "
        "tokens, or raise the limit.",
    ),
    "frozen": ("all spending is frozen", "Thaw it on the overview once it may go on."),
    "campaign_paused": (
        "the campaign is paused",
        "Set it active again, or stop who still works for it.",
    ),
    "campaign_completed": (
        "the campaign is completed",
        "Somebody still works for it: stop them, or set it active again.",
    ),
}
FLAGS: Final[Mapping[Flag, tuple[str, str, str]]] = {
    Flag.OVER_HOLD: (
        "cost more than was held for them",
        "They were charged in full, so a budget may stand above its limit.",
        "Look at endpoint and model: an estimate was no upper bound. Tell the makers of Purser.",
    ),
    Flag.RECOVERED: (
        "were settled after Redis had lost their holds",
        "They were charged in full when their proxy reported them.",
        "Look why Redis lost its data: appendonly and appendfsync are to be on, and no failover "
        "may drop acknowledged writes.",
    ),
}


def notices(
    found: Alerts,
    problem: str | None,
    frozen: str,
    unusual: Sequence[Anomaly],
    now_ms: int,
    timezone_day: Mapping[int, str],
) -> list[Notice]:
    """All that stands now. `timezone_day` names the day of each anomaly."""
    return [
        *_configuration(problem),
        *_freeze(frozen),
        *_quarantine(found.quarantined),
        *_thresholds(found.thresholds),
        *_flagged(found.flagged, now_ms),
        *(_refused(one, now_ms) for one in found.refusals),
        *(_day(one, timezone_day[one.start_ms]) for one in unusual),
    ]


def _configuration(problem: str | None) -> Iterator[Notice]:
    if problem:
        yield Notice(
            "alarm",
            "The configuration file cannot be used",
            problem,
            "Mend the line: it is taken up within a second. Until then the last good "
            "configuration stays in force. `purser check-config` says the same.",
            f"{PREFIX}health",
            "Health",
        )


def _freeze(frozen: str) -> Iterator[Notice]:
    if not frozen:
        return
    try:
        told = orjson.loads(frozen)
    except orjson.JSONDecodeError:
        told = {}
    told = told if isinstance(told, dict) else {}
    yield Notice(
        "alarm",
        "All spending is frozen",
        f"By {told.get('who', 'somebody')}: {told.get('reason') or 'no reason was given'}.",
        "Every metered call is refused. Thaw it on the overview, or by `purser thaw`.",
        PREFIX,
        "Overview",
    )


def _quarantine(broken: Sequence[tuple[int, str]]) -> Iterator[Notice]:
    if broken:
        numbers = tuple(f"#{number}" for number, _ in broken)
        yield Notice(
            "alarm",
            f"{formats.count(len(broken), 'settled call')} cannot be written to the ledger",
            f"SQL refused: {broken[0][1]}",
            "Nothing is lost: they wait in Redis and are counted in their budgets. Mend what SQL "
            "complains of, then let `purser reconcile` check.",
            f"{PREFIX}health",
            "Health",
            about=_some(numbers),
        )


def _thresholds(all_of_them: Sequence[Threshold]) -> Iterator[Notice]:
    highest: dict[tuple[str, str], Threshold] = {}
    for one in all_of_them:
        key = (one.rule, one.value_name)
        if one.crossed and (key not in highest or one.at_mille > highest[key].at_mille):
            highest[key] = one
    fullest = sorted(highest.values(), key=lambda one: -(one.level_mille or 0))
    for one in fullest[:CROSSED_MAX]:
        name = f"{one.rule} · {one.value_name}" if one.value_name else one.rule
        full = one.at_mille >= FULL_MILLE
        yield Notice(
            "alarm" if full else "attention",
            _crossed(name, one.at_mille),
            f"{formats.percent(one.level_mille)} of its limit is spent now.",
            "Its calls are refused until its window begins anew, or its limit is raised."
            if full
            else "Look where it goes, and raise the limit before calls are refused.",
            View("rules").opening(one.rule, PREFIX),
            "Budget rules",
        )
    if len(fullest) > CROSSED_MAX:
        more = len(fullest) - CROSSED_MAX
        text = f"{formats.count(more, 'more budget')} crossed a threshold"
        yield Notice("attention", text, "The table below has them.", "Look at the fullest first.")


def _crossed(name: str, at_mille: int) -> str:
    if at_mille == FULL_MILLE:
        return f"{name} is spent"
    return f"{name} has reached {percent_text(at_mille)}"


def _flagged(entries: Sequence[LedgerEntry], now_ms: int) -> Iterator[Notice]:
    for flag, (what, says, does) in FLAGS.items():
        these = [entry for entry in entries if flag in entry.flags]
        if not these:
            continue
        yield Notice(
            "alarm",
            f"{formats.count(len(these), 'call')} {what}",
            f"In the last 24 hours. {says}",
            does,
            f"{PREFIX}transactions?period=24h",
            "Transactions",
            when(these[0].admitted_ms, now_ms),
            _some(tuple(entry.request_id for entry in these)),
        )


def _refused(one: Refusals, now_ms: int) -> Notice:
    why, does = REASONS.get(one.reason, (formats.words(one.reason).lower(), "Look at the rule."))
    by = f" by {one.rule}" if one.rule else ""
    return Notice(
        "attention",
        f"{formats.count(one.count, 'call')} refused{by}",
        f"In the last hour, because {why}.",
        does,
        f"{PREFIX}transactions?period=24h&status=refused",
        "Transactions",
        when(one.last_ms, now_ms),
    )


def _day(one: Anomaly, day: str) -> Notice:
    more = one.spent_nano > one.expected_nano
    return Notice(
        "attention" if more else "info",
        f"{day} cost far {'more' if more else 'less'} than such a day does",
        f"{formats.money(one.spent_nano)}, where {formats.money(one.expected_nano)} was to be "
        "expected of its weekday.",
        "Look which agent or campaign it was." if more else "Look whether somebody stood still.",
        f"{PREFIX}agents?period=30d",
        "Agents",
    )


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    more = len(names) - NAMED_MAX
    return (*names[:NAMED_MAX], *((f"and {more} more",) if more > 0 else ()))
