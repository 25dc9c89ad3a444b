"""Above the list: the calls that have not ended, what is held for each, and for how long."""

from typing import Any, Final

from dash import html

from config.rules import UNATTRIBUTED, fold
from dashboard import formats
from dashboard.aria import aria
from dashboard.components.basics import agent_name
from dashboard.components.states import note
from dashboard.icons import agent_icon, icon
from dashboard.services import Services
from dashboard.state import View
from storage.errors import StorageError
from storage.flight import Flight, Flying, in_flight
from storage.presence import READY

SHOWN_MAX: Final = 8
FRESH_S: Final = 2.0
FLYING: Final = "transactions-flying"
STRIP: Final = "transactions-flight"


async def look(services: Services) -> Flight | None:
    """All calls in flight, shared by all who look; None while Redis is away."""

    async def make(_last: object) -> Flight:
        return await in_flight(services.link)

    try:
        found = await services.shared.get(("flight",), make, FRESH_S)
    except StorageError:
        return None
    known = not found.why_stale and found.figures.state == READY
    return found.figures if known else None


def fitting(found: Flight, view: View) -> list[Flying]:
    """Those that the filters leave, the oldest first; none has a status yet."""
    asked = view.filters
    if "status" in asked:
        return []
    return [one for one in found.calls if _fits(one, view)]


def _fits(one: Flying, view: View) -> bool:
    told: dict[str, set[str | None]] = {
        "agent": {one.agent},
        "campaign": {fold(one.campaign)},
        "model": {one.requested_model},
        "endpoint": {one.endpoint},
        "key": {one.key},
        "call": {one.hold_id, one.request_id, one.execution_id},
    }
    return all(
        told[name] & {fold(value) if name == "campaign" else value for value in values}
        for name, values in view.filters.items()
        if name in told
    )


def sign(found: Flight | None, view: View) -> list[str] | None:
    """What is drawn anew for: which calls fly; ages go on in the browser by themselves."""
    if found is None:
        return None
    return [str(found.total), *(one.hold_id for one in fitting(found, view)[:SHOWN_MAX])]


def strip(found: Flight | None, view: View) -> Any:
    """The calls, or nothing where none flies."""
    if found is None:
        return note("Calls in flight are not known while Redis is away.", "amber", "stale")
    fits = fitting(found, view)
    if not fits:
        return None
    held = formats.money(sum(one.held_nano for one in fits))
    more = len(fits) - SHOWN_MAX
    # Filters choose among the oldest that were read.
    every = found.total == len(found.calls)
    number = formats.count(len(fits), "call")
    words = f"{'' if every else 'at least '}{number} in flight, {held} held"
    return html.Section(
        [
            html.Header([icon("held"), html.B(words), _more(more)], className="flight-head"),
            html.Ul([_call(one, found.now_ms) for one in fits[:SHOWN_MAX]], className="flight"),
        ],
        className="flight-box tone-amber",
        **aria(label="Calls in flight"),
    )


def _more(count: int) -> Any:
    text = f"the {SHOWN_MAX} oldest are shown" if count > 0 else "the oldest first"
    return html.Span(text, className="dim")


def _call(one: Flying, now_ms: int) -> html.Li:
    campaign = one.campaign if one.campaign != UNATTRIBUTED else "no campaign"
    return html.Li(
        [
            html.Span(icon(agent_icon(one.agent)), className="two-icon"),
            html.Span(
                [
                    html.Span(agent_name(one.agent), className="two-top"),
                    html.Span(f"{campaign} · {one.requested_model}", className="two-below"),
                ],
                className="two-words",
            ),
            html.Span(
                [
                    html.Span(f"{formats.money_fine(one.held_nano)} held", className="two-top"),
                    # Its words are the browser's: they go on each second.
                    html.Span(
                        className="two-below ages",
                        **{"data-aged": str(max(0, now_ms - one.admitted_ms))},
                    ),
                ],
                className="two-words feed-money",
            ),
        ],
        title=one.hold_id,
    )
