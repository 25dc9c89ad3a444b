"""One look at the overview: its figures, its words and its parts, made once for all viewers."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from dashboard.books import books
from dashboard.components.basics import status_badge
from dashboard.components.controls import limit_bar
from dashboard.components.limit_form import origin_words
from dashboard.components.overview import Overview
from dashboard.components.states import banner, note
from dashboard.components.threshold_form import ThresholdIds, marks
from dashboard.pages.overview.chart_data import MOVING, SHAPE, moving, shape
from dashboard.pages.overview.figures import Read, read
from dashboard.pages.overview.freezing import BOX as FREEZE
from dashboard.pages.overview.freezing import switch
from dashboard.pages.overview.parts import Parts, part, parts_of
from dashboard.pages.overview.words import limit_of, shown, zone
from dashboard.services import Services
from dashboard.snapshot import Snapshot
from dashboard.state import View, parse

NOTICES = "overview-notices"
BAR = "overview-limit-bar"
ALERTS = ThresholdIds("overview").of("marks")


@dataclass(frozen=True, slots=True)
class Look:
    """What one sees. `parts` are those of figures that storage has just given."""

    read: Read
    shown: Overview
    parts: Parts


async def look(services: Services, view: View) -> Snapshot[Look]:
    """The overview of a view, shared with everybody who looks at the same one."""

    async def make(last: Look | None) -> Look:
        found = await read(books(services), view, last.read if last else None)
        if last is not None and found is last.read:
            return last
        # In a thread, or calls on the same loop would wait for it.
        return await asyncio.to_thread(_worded, found, view)

    return await services.shared.get(("overview", view.query), make)


def _worded(found: Read, view: View) -> Look:
    words = shown(found, view)
    return Look(found, words, parts_of(words, NOTICES, _notices(found), _beside(found, words)))


def view_of_address(search: Any) -> View:
    """The view that the browser's address asks for."""
    return parse("overview", search if isinstance(search, str) else "")


def parts(found: Snapshot[Look]) -> Parts:
    """The parts now: while storage is away, one of them says since when."""
    made = found.figures.parts
    if not found.why_stale:
        return made
    first = part(NOTICES, {"children": notices(found)})
    return replace(made, parts=(first, *made.parts[1:]))


def notices(found: Snapshot[Look]) -> list[Any]:
    """What stands above the cards: that figures are old, that all is frozen."""
    told = _notices(found.figures.read)
    if found.why_stale:
        # The moment stays the same while it lasts, so that nothing is sent again and again.
        now = found.figures.read.now_ms // 1_000 % 86_400
        at = f"{now // 3_600:02d}:{now // 60 % 60:02d}"
        told.insert(0, note(f"Figures as of {at} UTC: {found.why_stale}.", "amber", "stale"))
    return told


def _notices(found: Read) -> list[Any]:
    told: list[Any] = []
    if found.frozen is not None:
        why = f": {found.frozen.reason}" if found.frozen.reason else "."
        who = found.frozen.who
        told.append(banner(f"All spending is frozen by {who}{why}", "cyan", "frozen"))
    if found.filtered:
        told.append(note(found.filtered, "amber"))
    return told


def _beside(found: Read, words: Overview) -> dict[str, dict[str, Any]]:
    beside: dict[str, dict[str, Any]] = {}
    if found.row is not None:
        beside[BAR] = {"children": limit_bar(limit_of(found, may_change=False))}
        told = origin_words(found.row.alerting.source, zone(found))
        beside[ALERTS] = {"children": marks(found.row, told)}
        beside[FREEZE] = {"children": switch(found.frozen)}
        beside["overview-limit-status"] = {"children": status_badge(words.status)}
    beside[MOVING] = {"data": moving(words.burn)}
    beside[SHAPE] = {"data": shape(words.burn)}
    return beside
