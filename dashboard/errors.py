"""What goes wrong in the panel: told in a toast where a person can act, logged otherwise."""

import logging
from typing import Any, Final

from dash import set_props
from dash.exceptions import PreventUpdate

from budget.errors import BudgetError
from dashboard.http import JSON, answer
from proxy.asgi import App, Receive, Scope, Send
from storage.errors import StorageError

TOASTS: Final = "toasts"
_BAD: Final = b'{"error":"this callback could not be read"}'
_log = logging.getLogger("purser.panel")


class Invalid(Exception):
    """What was entered cannot be used: its text says why, and what can."""


class NotAllowed(Exception):
    """A viewer tried to change something."""


def toast(title: str, text: str, tone: str) -> None:
    """Show a note at the edge of the page; `tone` is green, amber or red."""
    note = {
        "action": "show",
        "title": title,
        "message": text,
        "className": f"toast tone-{tone}",
        "autoClose": 6000 if tone == "green" else 12000,
        "withBorder": False,
    }
    set_props(TOASTS, {"sendNotifications": [note]})


def on_error(error: Exception) -> Any:
    """Dash's hook for what a callback raised: the page stays as it was."""
    match error:
        case Invalid():
            toast("Not saved", str(error), "amber")
        case NotAllowed():
            toast("Not allowed", str(error), "amber")
        case BudgetError() | StorageError():
            _log.warning("the panel waits for storage", extra={"why": str(error)})
            toast("Not done", f"{error}.", "red")
        case _:
            _log.error("a callback of the panel failed", exc_info=error)
            toast("Not done", "The panel failed on this; Purser's log says why.", "red")


class ReadableErrors:
    """Innermost: a callback that Dash itself cannot read is a logged 400, never a silent 500."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def noting(message: Any) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except PreventUpdate:
            raise
        except Exception as error:  # noqa: BLE001  Dash raises whatever a bad body leads to
            _log.info("a request to the panel could not be read", extra={"why": repr(error)[:300]})
            if not started:
                await answer(scope, send, 400, [(b"content-type", JSON)], _BAD)
