"""Every change that is made in the panel goes through here: click, role, validation, audit.

@app.callback(Output("rules-saved", "data"), Input("rules-save", "n_clicks"), State(…),
              prevent_initial_call=True)
async def save(clicks, amount, reason):
    async def work(by):
        await services.limits.set(Wanted(rule, actions.dollars(amount), …, by.who, by.place, …))
        return "The limit is now $1,200.00."
    return await actions.change(clicks, work, reason=reason)
"""

import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dash.exceptions import PreventUpdate

from config.money import NANO_MAX
from dashboard.context import by, who
from dashboard.errors import Invalid, NotAllowed, toast
from storage.keys import By

REASON_CHARS_MAX: Final = 500
_NANO: Final = 1_000_000_000
_log = logging.getLogger("purser.panel")


def clicked(clicks: Any) -> None:
    """Stop unless somebody clicked: Dash also runs a callback when its button is first drawn."""
    if not isinstance(clicks, int) or isinstance(clicks, bool) or clicks < 1:
        raise PreventUpdate


def require_admin() -> None:
    """Raise `NotAllowed` for a viewer, whatever the page showed."""
    session = who()
    if session.role != "admin":
        _log.warning("a viewer tried to change something", extra={"user": session.user})
        raise NotAllowed("You may look, but not change anything. Ask an admin.")


async def change(clicks: Any, work: Callable[[By], Awaitable[str]], *, reason: Any = "") -> bool:
    """Do `work` for an admin who clicked, and show what it says was done.

    `work` checks versions and writes the audit log with the `By` that it is given; what it
    raises (`Invalid`, a `BudgetError`, a `StorageError`) reaches the user as a toast.
    """
    clicked(clicks)
    require_admin()
    told = await work(by(text(reason, "the reason", REASON_CHARS_MAX, empty=True)))
    toast("Done", told, "green")
    return True


async def own(clicks: Any, work: Callable[[By], Awaitable[str]]) -> bool:
    """Do `work` on what belongs to whoever clicked: password, sessions, views of their own.

    A viewer may do this too: it changes nothing that anybody else sees.
    """
    clicked(clicks)
    toast("Done", await work(by()), "green")
    return True


def text(given: Any, what: str, chars_max: int, *, empty: bool = False) -> str:
    """`given` trimmed; raises `Invalid` where it is no text, empty, too long or unprintable."""
    if given is None and empty:
        return ""
    if not isinstance(given, str):
        raise Invalid(f"{what} has to be text.")
    found = given.strip()
    if (not found and not empty) or len(found) > chars_max:
        raise Invalid(f"{what} has {0 if empty else 1} to {chars_max} characters.")
    if found and not found.replace("\n", " ").isprintable():
        raise Invalid(f"{what} has characters that cannot be shown.")
    return found


def one_of(given: Any, what: str, allowed: tuple[str, ...]) -> str:
    """`given`, if it is one of `allowed`; raises `Invalid`."""
    if not isinstance(given, str) or given not in allowed:
        raise Invalid(f"{what} is one of {', '.join(allowed)}.")
    return given


def dollars(given: Any, what: str = "the amount") -> int:
    """Nano-dollars of what a number field holds, exactly; raises `Invalid`."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise Invalid(f"{what} has to be a number.")
    try:
        # A JSON number reads as its shortest text: 0.1 is a tenth, not its binary neighbour.
        nano = Decimal(str(given).replace(",", "").lstrip("$")) * _NANO
    except InvalidOperation:
        raise Invalid(f"{what} has to be a number.") from None
    if not nano.is_finite() or nano < 0 or nano > NANO_MAX or nano != nano.to_integral_value():
        raise Invalid(f"{what} is $0 to ${NANO_MAX // _NANO:,}, with at most nine decimals.")
    return int(nano)
