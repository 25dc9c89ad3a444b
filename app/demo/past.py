"""What admins did in the months of a demo's history, and how the machinery stood."""

from collections.abc import Iterator
from random import Random
from typing import Final

from app.demo.history import DAY_MS, HOUR_MS, PAUSED, PAUSED_DAYS_AGO, Raise
from budget.windows import current_window
from config.money import usd_text, usd_to_nano
from config.rules import Rule
from storage import campaigns, months, overrides
from storage.audit import Act
from storage.ledger import Ledger, month_of
from storage.overrides import Change
from storage.samples import MINUTE_MS, Sample

PLACE: Final = "demo"
RAISED_USD: Final = ("540", "560")
"""What the month's limit became: last month for a push, this month until changed."""
REVENUE_USD: Final = {
    "holiday-2024": "610", "spring-launch": "340", "newsletter": "95", "flash-sale": "48",
    PAUSED: "120",
}  # fmt: skip
BUDGET_USD: Final = {"holiday-2024": "450", "spring-launch": "300", "newsletter": "200"}


def raises_of(rule: Rule, now_ms: int) -> tuple[Raise, ...]:
    """When the month's limit was changed, and to what."""
    this = current_window(rule, now_ms)
    last = current_window(rule, this.start_ms - 1)
    moments = (last.start_ms + 12 * DAY_MS, this.start_ms + (now_ms - this.start_ms) // 3)
    return tuple(
        Raise(rule.name, at, usd_to_nano(usd)) for at, usd in zip(moments, RAISED_USD, strict=True)
    )


async def write_acts(ledger: Ledger, rule: Rule, raised: tuple[Raise, ...], now_ms: int) -> None:
    """Overrides, campaigns and other acts, each with its audit line, oldest first."""
    start = now_ms - 60 * DAY_MS
    await ledger.audit(
        Act("key_created", "maria", PLACE, None, "proxy key production", "agents go live"), start
    )
    for name, usd in BUDGET_USD.items():
        act = Act("campaign_budget", "maria", PLACE, f"{name}: none", f"{name}: {usd} USD", "plan")
        start += HOUR_MS
        await campaigns.change(ledger, name, act, at_ms=start, budget_nano=usd_to_nano(usd))
    whys = ("holiday push, agreed with finance", "spring launch brings more traffic")
    windows = (current_window(rule, raised[0].at_ms).start_ms, None)
    for one, why, window in zip(raised, whys, windows, strict=True):
        change = Change(rule.name, rule.counter, "", "", one.limit_nano, window, "tom", why)
        scope = "until changed" if window is None else "for its month"
        act = Act(
            "override", "tom", PLACE, f"{rule.name}: no override",
            f"{rule.name}: {usd_text(one.limit_nano)} USD {scope}", why,
        )  # fmt: skip
        await overrides.write(ledger, change, act, None, one.at_ms)
    paused = now_ms - PAUSED_DAYS_AGO * DAY_MS
    act = Act(
        "campaign_status", "maria", PLACE, f"{PAUSED}: active", f"{PAUSED}: paused",
        "the agency reworks its brief",
    )  # fmt: skip
    await campaigns.change(ledger, PAUSED, act, at_ms=paused, status="paused", published=False)
    for at, (name, usd) in enumerate(REVENUE_USD.items()):
        act = Act("campaign_revenue", "tom", PLACE, f"{name}: none", f"{name}: {usd} USD", "CRM")
        moment = now_ms - 2 * DAY_MS + at * HOUR_MS
        await campaigns.change(ledger, name, act, at_ms=moment, revenue_nano=usd_to_nano(usd))
    month = month_of(raised[0].at_ms)
    await months.note(ledger, month, raised[0].limit_nano, rule.alert_at_mille)


def samples_of(days: int, seed: int, now_ms: int) -> Iterator[Sample]:
    """A sample a minute, but for two outages and a minute here and there."""
    chance = Random(seed)  # noqa: S311  a play, not a secret
    end = now_ms - now_ms % MINUTE_MS
    outages = [
        (end - chance.randrange(days) * DAY_MS - chance.randrange(DAY_MS), minutes * MINUTE_MS)
        for minutes in (37, 122)
    ]
    for at in range(end - days * DAY_MS, end, MINUTE_MS):
        if any(begun <= at < begun + long for begun, long in outages) or chance.random() < 5e-5:
            continue
        yield Sample(at, redis=True, proxies=1, outbox_bytes=chance.randrange(4_000))
