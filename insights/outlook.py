"""Where a rule's window ends if days go on as they went, and when its limit is reached."""

from dataclasses import dataclass
from typing import Final

from budget.windows import window_at
from config.rules import Rule, Window
from insights.forecast import Ahead, Day, Projection, project
from insights.period import DAY_MS, cut, local_day
from insights.spend import spent_by_bucket
from storage.holds import NO_WINDOW_END_MS, Interval
from storage.ledger import Ledger

OBSERVED_DAYS: Final = 56
"""Days before today that a projection goes by: eight of each weekday."""
TOTAL_AHEAD_DAYS: Final = 90
"""How far a window without end is looked ahead."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One projection for the end of each day ahead (the last: of the window)."""

    spent_nano: int
    now_ms: int
    observed: tuple[tuple[int, int, Day], ...]
    """Full days: start, end and what they cost."""
    steps: tuple[tuple[int, Projection], ...]
    """(moment, projection); empty with too few days to go by."""

    @property
    def end(self) -> Projection | None:
        """The window's end."""
        return self.steps[-1][1] if self.steps else None

    def runs_out_ms(self, limit_nano: int) -> int | None:
        """When the expected spend reaches a limit; None: not before the window's end."""
        if self.spent_nano >= limit_nano:
            return self.now_ms
        at, spent = self.now_ms, self.spent_nano
        for moment, step in self.steps:
            if step.expected_nano >= limit_nano:
                share = (limit_nano - spent) / (step.expected_nano - spent)
                return at + round((moment - at) * share)
            at, spent = moment, step.expected_nano
        return None


async def outlook(
    ledger: Ledger, rule: Rule, window: Interval, spent_nano: int, now_ms: int
) -> Outlook:
    """The outlook of a rule's current window, of which `spent_nano` is spent."""
    observed = await observed_days(ledger, rule, now_ms)
    today = window_at(Window.DAY, rule.timezone, now_ms)
    end = window.end_ms
    if end == NO_WINDOW_END_MS:
        end = today.end_ms + TOTAL_AHEAD_DAYS * DAY_MS
    days = [day for _, _, day in observed]
    ahead: list[Ahead] = []
    steps: list[tuple[int, Projection]] = []
    for part in cut(now_ms, end, "day", rule.timezone):
        share = min(1.0, (part.end_ms - part.start_ms) / DAY_MS)
        ahead.append(Ahead(_weekday(part.start_ms, rule.timezone), share))
        found = project(spent_nano, days, ahead)
        if found is not None:
            steps.append((part.end_ms, found))
    return Outlook(spent_nano, now_ms, observed, tuple(steps))


async def observed_days(
    ledger: Ledger, rule: Rule, now_ms: int
) -> tuple[tuple[int, int, Day], ...]:
    """Full days before today, from the first that cost anything on."""
    today = window_at(Window.DAY, rule.timezone, now_ms).start_ms
    first = window_at(Window.DAY, rule.timezone, today - OBSERVED_DAYS * DAY_MS).start_ms
    buckets = cut(first, today, "day", rule.timezone)
    spent = await spent_by_bucket(ledger, rule, buckets)
    begun = next((at for at, nano in enumerate(spent) if nano), len(spent))
    return tuple(
        (bucket.start_ms, bucket.end_ms, Day(_weekday(bucket.start_ms, rule.timezone), nano))
        for bucket, nano in list(zip(buckets, spent, strict=True))[begun:]
    )


def days_left(window: Interval, now_ms: int, timezone: str) -> int:
    """Days of the window that are not over, today with them."""
    if now_ms >= window.end_ms or window.end_ms == NO_WINDOW_END_MS:
        return 0
    return (local_day(window.end_ms, timezone) - local_day(now_ms, timezone)).days or 1


def _weekday(time_ms: int, timezone: str) -> int:
    return local_day(time_ms, timezone).weekday()
