"""What the form of alert thresholds does: says what they would tell, sets them, takes them back."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from dash import Dash, Input, Output, State, ctx, set_props
from dash.exceptions import PreventUpdate

from budget.errors import NotAllowed
from budget.thresholds import WantedThresholds, set_thresholds
from config import bounds
from config.rules import percent_text
from dashboard import actions, formats
from dashboard.books import books
from dashboard.components.limit_form import WINDOW_NAMES
from dashboard.components.states import note
from dashboard.components.threshold_form import (
    HIGHEST,
    ThresholdIds,
    consequence,
    listed,
    question,
    thresholds,
)
from dashboard.context import who
from dashboard.errors import Invalid, toast
from dashboard.limit_change import CLOSE, SPANS, known
from dashboard.services import Services
from insights.books import Books
from insights.rules import RuleRow
from insights.threshold_preview import threshold_preview
from storage.errors import Conflict
from storage.keys import By
from storage.override_history import taken_back
from storage.thresholds import changes

WHOLE: Final = re.compile(r"[0-9]{1,4}", re.ASCII)
TIDY: Final = """function (given) {
  var keep = window.dash_clientside.no_update;
  if (!Array.isArray(given)) return keep;
  var number = function (text) { return /^\\d+(\\.\\d)?$/.test(text) ? Number(text) : Infinity; };
  var plain = given.join(',').replace(/%/g, '').split(/[,;\\s]+/);
  var tidy = plain.filter(function (one, at) { return one !== '' && plain.indexOf(one) === at; });
  tidy.sort(function (a, b) { return number(a) - number(b); });
  tidy = tidy.map(function (one) { return number(one) === Infinity ? one : one + '%'; });
  return JSON.stringify(tidy) === JSON.stringify(given) ? keep : tidy;
}"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a section brings: the row of a rule's name, and what else of the page a change moves."""

    section: str
    find: Callable[[Books, str], Awaitable[RuleRow | None]]
    after: Callable[[RuleRow, str], Awaitable[None]]


def register(app: Dash, services: Services, desk: Desk) -> None:
    """The callbacks of the section's thresholds."""
    ids = ThresholdIds(desk.section)
    app.clientside_callback(
        TIDY, Output(ids.of("field"), "value"), Input(ids.of("field"), "value"),
        prevent_initial_call=True,
    )  # fmt: skip
    app.clientside_callback(
        CLOSE,
        Output(ids.of("ask"), "opened", allow_duplicate=True),
        Input(ids.of("no"), "n_clicks"),
        prevent_initial_call=True,
    )
    _register_looks(app, services, desk, ids)
    _register_changes(app, services, desk, ids)


def _register_looks(app: Dash, services: Services, desk: Desk, ids: ThresholdIds) -> None:
    @app.callback(
        Output(ids.of("preview"), "children"),
        Input(ids.of("field"), "value"),
        State(ids.of("about"), "data"),
        prevent_initial_call=True,
    )
    async def preview(given: Any, about: Any) -> Any:
        now = books(services)
        row = await _row(desk, now, known(about)[0])
        try:
            wanted = shares(given, row)
        except Invalid as error:
            return note(str(error), "amber", "warning")
        return consequence(await threshold_preview(now, row, wanted))

    @app.callback(
        Output(ids.of("ask"), "opened"),
        Output(ids.of("ask"), "title"),
        Output(ids.of("ask"), "children"),
        Output(ids.of("asked"), "data"),
        Input(ids.of("save"), "n_clicks"),
        State(ids.of("field"), "value"),
        State(ids.of("span"), "value"),
        State(ids.of("about"), "data"),
        prevent_initial_call=True,
    )
    async def ask(clicks: Any, given: Any, span: Any, about: Any) -> Any:
        actions.clicked(clicks)
        actions.require_admin()
        now = books(services)
        row = await _row(desk, now, known(about)[0])
        wanted = shares(given, row)
        found = await threshold_preview(now, row, wanted)
        body = question(ids, row, wanted, _until(row, span), found)
        return True, f"Change the alerts of {row.rule.name}?", body, list(map(percent_text, wanted))


def _register_changes(app: Dash, services: Services, desk: Desk, ids: ThresholdIds) -> None:
    @app.callback(
        Output(ids.of("ask"), "opened", allow_duplicate=True),
        Input(ids.of("yes"), "n_clicks"),
        Input(ids.of("undo"), "n_clicks"),
        Input(ids.of("reset"), "n_clicks", allow_optional=True),
        State(ids.of("asked"), "data"),
        State(ids.of("span"), "value"),
        State(ids.of("reason"), "value"),
        State(ids.of("about"), "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def change(
        yes: Any, undo: Any, reset: Any, given: Any, span: Any, reason: Any, about: Any, search: Any
    ) -> Any:
        name, version = known(about)
        undoes, resets = (ctx.triggered_id == ids.of(part) for part in ("undo", "reset"))
        pressed = undo if undoes else reset if resets else yes

        async def work(by: By) -> str:
            row = await _row(desk, books(services), name)
            if undoes:
                await _take_back(services, row, by, version)
            elif resets:
                await _set(services, row, None, None, by, version)
            else:
                only = actions.one_of(span, "How long they hold", SPANS) == "window"
                at_ms = row.window.start_ms if only else None
                await _set(services, row, shares(given, row), at_ms, by, version)
            row = await _row(desk, books(services), name)
            return f"{name} alerts at {listed(row.alerting.at_mille)}."

        actions.clicked(pressed)
        try:
            await actions.change(pressed, work, reason=reason)
        except Conflict as error:
            toast("Somebody was quicker", f"{error}. What binds now is shown.", "amber")
        except NotAllowed as error:
            raise Invalid(f"{error}.") from error
        services.shared.drop()
        row = await _row(desk, books(services), name)
        may_change = who().role == "admin"
        zone = formats.zone(row.rule.timezone)
        drawn = thresholds(desk.section, row, zone, may_change=may_change, opened=True)
        set_props(ids.of("box"), {"children": drawn.children})
        await desk.after(row, search if isinstance(search, str) else "")
        return False


def shares(given: Any, row: RuleRow) -> tuple[int, ...]:
    """Per mille of what a field holds, rising; raises `Invalid`.

    Whole per cent; a finer one only where the file or what binds now has it.
    """
    if not isinstance(given, list) or len(given) > bounds.ALERTS_PER_RULE_MAX:
        raise Invalid(f"There are at most {bounds.ALERTS_PER_RULE_MAX} alerts.")
    fine = {percent_text(at): at for at in (*row.alerting.at_mille, *row.alerting.file_mille)}
    found = [_share(one, fine) for one in given]
    if len(set(found)) != len(found):
        raise Invalid("Each alert stands there once.")
    return tuple(sorted(found))


def _share(given: Any, fine: dict[str, int]) -> int:
    text = given.strip().removesuffix("%").rstrip() if isinstance(given, str) else ""
    known_share = fine.get(f"{text}%")
    if known_share is not None:
        return known_share
    whole = int(text) if WHOLE.fullmatch(text) else 0
    if not 1 <= whole <= HIGHEST:
        raise Invalid(f"An alert is a whole number of per cent from 1 to {HIGHEST}, like 90.")
    return whole * 10


async def _row(desk: Desk, now: Books, name: str) -> RuleRow:
    row = await desk.find(now, name)
    if row is None or row.value_name or row.rule.name != name:
        raise Invalid("There is no such budget any more.")
    return row


async def _set(
    services: Services, row: RuleRow, at_mille: tuple[int, ...] | None, at_ms: int | None, by: By,
    version: int,
) -> None:  # fmt: skip
    wanted = WantedThresholds(row.rule, at_mille, at_ms, by.who, by.place, by.reason, version)
    await set_thresholds(services.ledger, wanted, services.lifeline.now_ms())


async def _take_back(services: Services, row: RuleRow, by: By, version: int) -> None:
    made = await changes(services.ledger, row.rule.counter)
    if not made:
        raise Invalid("Nothing was changed here: there is nothing to undo.")
    undoing = By(by.who, by.place, f"undoes version {made[-1].version}")
    for place, (at_ms, former) in enumerate(taken_back(made, row.window.start_ms)):
        at_mille = former.at_mille if former else None
        await _set(services, row, at_mille, at_ms, undoing, version + place)


def _until(row: RuleRow, span: Any) -> str:
    if actions.one_of(span, "How long they hold", SPANS) == "always":
        return "until changed"
    window = WINDOW_NAMES.get(row.rule.window.value)
    if window is None:
        raise PreventUpdate
    return f"for {window.lower()}"
