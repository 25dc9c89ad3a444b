"""Calls as lists show them: which are asked for, and each entry in the words of a row."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from config.bounds import NAME_CHARS_MAX
from dashboard import formats
from dashboard.components.basics import STATUS, agent_name
from dashboard.icons import agent_icon
from dashboard.periods import period_of_view
from dashboard.state import View
from storage.queries import Filter
from storage.records import LedgerEntry, Status, Usage

ID_CHARS_SHOWN: Final = 8
LOOK: Final = {Status.CORRECTION: ("corrected", "correction"), Status.MANUAL: ("spent", "by hand")}
"""Where a status is shown by another name, or has no look of its own."""
FLAG_WORDS: Final = {
    "estimated": "estimated",
    "over_hold": "above its hold",
    "recovered": "recovered",
    "lowered_ceiling_hit": "cut at a lowered ceiling",
    "client_gone": "client left",
    "unpriced": "no price",
    "no_usage": "no usage told",
    "assumed_price": "price assumed",
    "over_budget": "over budget",
}
_OTHER_UNITS: Final = (
    ("characters", "character"),
    ("audio_seconds", "second of audio", "seconds of audio"),
    ("images", "image"),
    ("video_seconds", "second of video", "seconds of video"),
)


def wanted_of(view: View, timezone: str, now_ms: int) -> Filter:
    """The entries that a view shows."""
    interval = period_of_view(view, timezone, now_ms).interval
    asked = view.filters
    return Filter(
        since_ms=interval.start_ms,
        until_ms=interval.end_ms,
        agent=asked.get("agent"),
        campaign=asked.get("campaign"),
        key=asked.get("key"),
        model=asked.get("model"),
        endpoint=asked.get("endpoint"),
        status=asked.get("status"),
        call=asked.get("call"),
    )


def row_of(entry: LedgerEntry, zone: ZoneInfo) -> dict[str, Any]:
    """One entry as the grid and the cards are given it: short names, words ready to be shown."""
    at = formats.local(entry.admitted_ms, zone)
    tone, icon_name, words = look_of(entry)
    return {
        "key": f"{entry.hold_id}/{entry.entry}",
        "hold": entry.hold_id,
        "short": short_id(entry.hold_id),
        "time": f"{at:%H:%M:%S}",
        "day": formats.day(entry.admitted_ms, zone),
        "agent": agent_name(entry.agent),
        "icon": agent_icon(entry.agent),
        "campaign": entry.campaign if entry.campaign != "unattributed" else "no campaign",
        "model": entry.served_model or entry.requested_model or formats.NONE,
        "endpoint": entry.endpoint,
        "units": units_of(entry.usage),
        "split": split_of(entry.usage),
        "shares": shares_of(entry.usage),
        "charge": formats.money_fine(entry.charge_nano),
        "held": held_words(entry),
        "provider": formats.money_fine(entry.provider_nano),
        "status": words,
        "tone": tone,
        "mark": icon_name,
        "flags": flags_of(entry),
    }


def short_id(hold_id: str) -> str:
    """The end of an id: ids of one moment begin alike."""
    return hold_id[-ID_CHARS_SHOWN:]


def look_of(entry: LedgerEntry) -> tuple[str, str, str]:
    """Tone, icon and words of what became of a call."""
    if entry.status is Status.MANUAL:
        return "cyan", "spent", "by hand"
    name, words = LOOK.get(entry.status, (entry.status.value, ""))
    tone, icon_name, usual = STATUS[name]
    if entry.status is Status.REFUSED and entry.count > 1:
        words = f"{formats.integer(entry.count)} refused"
    return tone, icon_name, words or usual


def flags_of(entry: LedgerEntry) -> str:
    """What an admin should know of an entry, in words."""
    if entry.status is Status.REFUSED:
        return entry.rule or formats.words(entry.reason or "").lower()
    return ", ".join(FLAG_WORDS[flag.value] for flag in sorted(entry.flags))


def held_words(entry: LedgerEntry) -> str:
    """What was held against what it cost."""
    if entry.status is Status.CORRECTION:
        return "difference"
    return f"of {formats.money_fine(entry.held_nano)} held" if entry.held_nano else "nothing held"


def units_of(usage: Usage) -> str:
    """How much was used, in the unit that tells most."""
    if usage.total_tokens:
        return formats.integer(usage.total_tokens)
    told = [
        formats.count(getattr(usage, name), *noun)
        for name, *noun in _OTHER_UNITS
        if getattr(usage, name)
    ]
    return ", ".join(told) or formats.NONE


def split_of(usage: Usage) -> str:
    """The kinds of tokens: those of the input, then those of the output."""
    parts = zip(("in", "cached", "out", "reasoning"), _kinds(usage), strict=True)
    return " · ".join(f"{formats.compact(n)} {kind}" for kind, n in parts if n)


def shares_of(usage: Usage) -> list[int]:
    """The same as thousandths of all tokens: new input, cached, answer, reasoning."""
    return [formats.per_mille(part, usage.total_tokens) or 0 for part in _kinds(usage)]


def _kinds(usage: Usage) -> tuple[int, int, int, int]:
    return (
        usage.input_tokens - usage.cached_tokens,
        usage.cached_tokens,
        usage.output_tokens - usage.reasoning_tokens,
        usage.reasoning_tokens,
    )


def is_id(given: Any) -> bool:
    """Whether this may be the id of a hold."""
    return isinstance(given, str) and 0 < len(given) <= NAME_CHARS_MAX and given.isprintable()
