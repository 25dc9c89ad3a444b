"""The one ASGI application of a process: panel and billing API below their paths, else the rest."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

App = Callable[[Any, Any, Any], Awaitable[None]]
API: Final = ("/api/billing/", "/api/trpc/")
PANEL: Final = "/admin"


class Root:
    """Hands each request to whom its path belongs. A process need not have a panel."""

    def __init__(self, rest: App, api: App, panel: App | None) -> None:
        self._rest = rest
        self._api = api
        self._panel = panel

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        path = scope["path"]
        if path.startswith(API):
            belongs = self._api
        elif self._panel is not None and (path == PANEL or path.startswith(f"{PANEL}/")):
            belongs = self._panel
        else:
            belongs = self._rest
        await belongs(scope, receive, send)
