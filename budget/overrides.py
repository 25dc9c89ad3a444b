"""Limits that admins set over those of the file: for one window, or until changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from budget.errors import Locked, NoSuchRule, PastMonth, Unavailable
from budget.windows import current_window
from config.money import usd_text
from config.rules import DIMENSIONS, Dimension, Rule, Window, value_digest
from storage import overrides
from storage.audit import Act
from storage.errors import NotReady, RedisUnavailable
from storage.holds import Interval
from storage.ledger import Ledger
from storage.overrides import Change, State
from storage.redis_link import RedisLink


@dataclass(frozen=True, slots=True)
class Wanted:
    """A limit for `rule`, or for one value of an `each` rule. `limit_nano` None lifts it.

    `at_ms` lies in the one window that is meant; None: from now on, until changed.
    """

    rule: Rule
    limit_nano: int | None
    at_ms: int | None
    who: str
    place: str
    why: str
    value: tuple[tuple[Dimension, str], ...] = ()
    expected_version: int | None = None


class Limits:
    """Reads and sets overrides. `now_ms` is Redis's clock."""

    def __init__(self, link: RedisLink, ledger: Ledger, now_ms: Callable[[], int]) -> None:
        self._link = link
        self._ledger = ledger
        self._now_ms = now_ms

    async def state(self, rule: Rule, value: tuple[tuple[Dimension, str], ...] = ()) -> State:
        """What SQL has of a rule, or of one value of it."""
        return await overrides.state(self._ledger, rule.counter, _digest(value))

    async def set(self, wanted: Wanted) -> State:
        """Set or lift a limit; it binds the next call once this returns.

        Raises `Locked`, `PastMonth`, `Conflict` (of storage) for a stale version, and
        `Unavailable` where SQL has it but Redis does not yet: it will bind once Redis answers.
        """
        rule, now_ms = wanted.rule, self._now_ms()
        if rule.locked:
            raise Locked(f"ops locked the budget '{rule.name}': its limit is that of the file")
        window = window_meant(rule, wanted.at_ms, now_ms)
        digest, name = _digest(wanted.value), _name(wanted.value)
        before = await overrides.state(self._ledger, rule.counter, digest)
        start = window.start_ms if window else None
        change = Change(
            rule.name, rule.counter, digest, name, wanted.limit_nano, start, wanted.who,
            wanted.why,
        )  # fmt: skip
        of = f"{rule.name} {name}".strip()
        scope = span_text(rule, window)
        old = before.limit(start) if start is not None else before.until_changed_nano
        act = Act(
            "override", wanted.who, wanted.place, f"{of}: {_told(old)}",
            f"{of}: {_told(wanted.limit_nano)} {scope}", wanted.why,
        )  # fmt: skip
        await overrides.write(self._ledger, change, act, wanted.expected_version, now_ms)
        try:
            return await overrides.publish(self._link, self._ledger, (rule.counter, digest))
        except (RedisUnavailable, NotReady) as error:
            raise Unavailable(
                "the limit is written down but does not bind yet: it will once Redis answers "
                f"({error})"
            ) from error


def span_text(rule: Rule, window: Interval | None) -> str:
    """For how long a change binds, as the audit log tells it."""
    if window is None:
        return "until changed"
    if rule.window is Window.TOTAL:
        return "for all time"
    start = datetime.fromtimestamp(window.start_ms // 1_000, ZoneInfo(rule.timezone))
    return f"for the {rule.window.value} from {start:%Y-%m-%d %H:%M} {rule.timezone}"


def window_meant(rule: Rule, at_ms: int | None, now_ms: int) -> Interval | None:
    """The one window that a change is for, None for one until changed; raises `PastMonth`."""
    if at_ms is None:
        return None
    window = current_window(rule, at_ms)
    if window.end_ms <= now_ms:
        raise PastMonth("what a past window could spend is not changed afterwards")
    return window


def campaign_rule(rules: tuple[Rule, ...]) -> Rule:
    """The rule that gives every campaign a budget; raises `NoSuchRule`."""
    for rule in rules:
        if rule.each == (Dimension.CAMPAIGN,) and not rule.match:
            return rule
    raise NoSuchRule(
        "no rule gives campaigns a budget of their own: add one with `each: campaign` to "
        "budgets.rules"
    )


def _digest(value: tuple[tuple[Dimension, str], ...]) -> str:
    names = dict(value)
    return ".".join(value_digest(names[d]) for d in DIMENSIONS if d in names)


def _name(value: tuple[tuple[Dimension, str], ...]) -> str:
    names = dict(value)
    return " / ".join(names[d] for d in DIMENSIONS if d in names)


def _told(limit_nano: int | None) -> str:
    return "no override" if limit_nano is None else f"{usd_text(limit_nano)} USD"
