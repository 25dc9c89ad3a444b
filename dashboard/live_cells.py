"""Figures that refresh one by one: a tick sends what has changed, and nothing where nothing has.

A section shows its live figures in slots. The browser keeps the sign of what each slot shows and
sends it with a tick; the answer holds the slots whose sign is another one now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import Patch, dcc, html, no_update, set_props


@dataclass(frozen=True, slots=True)
class Slot:
    """What a slot shows; `sign` differs whenever that looks different."""

    sign: str
    children: Any


Slots = Mapping[str, Slot]


def slot(section: str, key: str, slots: Slots) -> html.Span:
    """Where a live figure stands."""
    return html.Span(slots[key].children, id=_id(section, key), className="slot")


def shown(section: str, slots: Slots) -> dcc.Store:
    """Keeps what the page shows; the state and the output of a tick."""
    return dcc.Store(f"{section}-shown", data=signs(slots))


def signs(slots: Slots) -> dict[str, str]:
    """As the browser keeps them."""
    return {key: one.sign for key, one in slots.items()}


def same_rows(before: Any, slots: Slots) -> bool:
    """Whether the page has these slots; otherwise it has to be drawn anew."""
    return isinstance(before, dict) and before.keys() == slots.keys()


def refresh(section: str, before: Mapping[str, Any], slots: Slots) -> Any:
    """Fill the slots that changed; the new value of the section's `shown`."""
    kept = Patch()
    changed = False
    for key, one in slots.items():
        if before.get(key) != one.sign:
            set_props(_id(section, key), {"children": one.children})
            kept[key] = one.sign
            changed = True
    return kept if changed else no_update


def _id(section: str, key: str) -> Any:
    return {"type": f"{section}-slot", "key": key}


def seen(kept: Any) -> tuple[int, int]:
    """What a section's `version` keeps: the version of its figures, and when they were read; that
    is below zero while they are stale."""
    match kept:
        case [int(version), int(since_ms)]:
            return version, since_ms
    return -1, 0
