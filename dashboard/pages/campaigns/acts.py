"""What an admin does to a campaign: pause, activate, complete it, set its budget and revenue."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from budget import campaigns
from budget.campaigns import BudgetWanted
from dashboard import actions, drawers, formats, limit_change
from dashboard.components.overlays import confirm
from dashboard.errors import toast
from dashboard.limit_change import NewLimit
from dashboard.pages.campaigns.detail import SECTION, budget_row
from dashboard.services import Services
from dashboard.state import opened_name
from storage.errors import Conflict
from storage.keys import By

WORDS: Final = {
    "active": ("Activate", "Its calls pass again from the next one on, as its budget allows."),
    "paused": (
        "Pause",
        "The next call for it is refused, and all after it. Calls in flight end as they would.",
    ),
    "completed": (
        "Complete",
        "It is over: the next call for it is refused, and all after it, until it is activated.",
    ),
}
Fill = Callable[[str, str], Awaitable[drawers.Filled]]
Redraw = Callable[[str, str], Awaitable[tuple[Any, Any]]]


def question() -> dmc.Modal:
    """The question before a status changes; what is asked stands in `campaigns-asked`."""
    inside = [
        dcc.Store(f"{SECTION}-asked"),
        html.Div(id=f"{SECTION}-ask-words"),
        dmc.TextInput(
            id=f"{SECTION}-ask-reason", label="Reason", placeholder="Kept in the audit log"
        ),
    ]
    return confirm(
        "",
        inside,
        id=f"{SECTION}-ask",
        yes_id=f"{SECTION}-ask-yes",
        no_id=f"{SECTION}-ask-no",
        yes="Change it",
    )


def register(app: Dash, services: Services, fill: Fill, redraw: Redraw) -> None:
    """The callbacks of a campaign's drawer."""
    _ask(app)
    _answer(app, services, fill, redraw)
    _revenue(app, services, redraw)

    async def save(new: NewLimit) -> None:
        await campaigns.set_budget(
            services.lifeline,
            services.limits,
            services.ledger,
            BudgetWanted(
                new.name,
                new.limit_nano,
                new.window_only,
                new.by.who,
                new.by.place,
                new.by.reason,
                new.expected_version,
            ),
        )

    limit_change.register(app, services, limit_change.Desk(SECTION, budget_row, save, redraw))


def _ask(app: Dash) -> None:
    @app.callback(
        Output(f"{SECTION}-ask", "opened"),
        Output(f"{SECTION}-ask", "title"),
        Output(f"{SECTION}-ask-words", "children"),
        Output(f"{SECTION}-ask-reason", "value"),
        Output(f"{SECTION}-ask-yes", "children"),
        Output(f"{SECTION}-ask-yes", "className"),
        Output(f"{SECTION}-asked", "data"),
        Input({"type": f"{SECTION}-act", "status": ALL}, "n_clicks"),
        Input(f"{SECTION}-ask-no", "n_clicks"),
        State(f"{SECTION}-of", "data"),
        prevent_initial_call=True,
    )
    async def ask(_clicks: Any, _no: Any, of: Any) -> Any:
        actions.clicked(ctx.triggered[0]["value"])
        if ctx.triggered_id == f"{SECTION}-ask-no":
            return False, *(no_update,) * 6
        name, before = _of(of)
        status = actions.one_of(ctx.triggered_id["status"], "the status", campaigns.STATUSES)
        verb, consequence = WORDS[status]
        words = [html.P([html.B(name), f" is {before} now."]), html.P(consequence)]
        kind = "main" if status == "active" else "danger"
        told = {"name": name, "before": before, "status": status}
        return True, f"{verb} this campaign?", words, "", verb, f"button {kind}", told


def _answer(app: Dash, services: Services, fill: Fill, redraw: Redraw) -> None:
    @app.callback(
        Output(f"{SECTION}-ask", "opened", allow_duplicate=True),
        Output(f"{SECTION}-drawer", "title", allow_duplicate=True),
        Output(f"{SECTION}-drawer", "children", allow_duplicate=True),
        Output(f"{SECTION}-body", "children", allow_duplicate=True),
        Input(f"{SECTION}-ask-yes", "n_clicks"),
        State(f"{SECTION}-ask-reason", "value"),
        State(f"{SECTION}-asked", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def answer(yes: Any, reason: Any, asked: Any, search: Any) -> Any:
        name, before = _of(asked)
        status = actions.one_of(asked.get("status"), "the status", campaigns.STATUSES)

        async def work(by: By) -> str:
            await campaigns.set_status(
                services.link,
                services.ledger,
                name,
                status,
                by.who,
                by.place,
                by.reason,
                expected=before,
            )
            binds = "its calls pass" if status == "active" else "its next call is refused"
            return f"{name} is {status}: {binds}."

        try:
            await actions.change(yes, work, reason=reason)
        except Conflict as error:
            toast("Somebody was quicker", f"{error}. What holds now is shown.", "amber")
        services.shared.drop()
        query = search if isinstance(search, str) else ""
        title, _inside = await fill(name, query)
        return False, title, *await redraw(name, query)


def _revenue(app: Dash, services: Services, redraw: Redraw) -> None:
    @app.callback(
        Output(f"{SECTION}-drawer", "children", allow_duplicate=True),
        Output(f"{SECTION}-body", "children", allow_duplicate=True),
        Input(f"{SECTION}-revenue-save", "n_clicks"),
        State(f"{SECTION}-revenue", "value"),
        State(f"{SECTION}-revenue-of", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def save(clicks: Any, amount: Any, of: Any, search: Any) -> Any:
        name, _before = _of(of)

        async def work(by: By) -> str:
            revenue = None if amount in ("", None) else actions.dollars(amount, "The revenue")
            await campaigns.set_revenue(services.ledger, name, revenue, by.who, by.place, by.reason)
            told = "an unknown amount" if revenue is None else formats.money(revenue)
            return f"{name} has brought in {told}."

        await actions.change(clicks, work)
        services.shared.drop()
        return await redraw(name, search if isinstance(search, str) else "")


def _of(kept: Any) -> tuple[str, str]:
    """The campaign that is meant and the status it was shown with."""
    if isinstance(kept, dict) and isinstance(name := opened_name(kept.get("name")), str):
        before = kept.get("before", kept.get("status"))
        return name, before if isinstance(before, str) else ""
    raise PreventUpdate
