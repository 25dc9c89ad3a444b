"""The one ASGI application of a process: the billing API below its paths, else the proxy."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

App = Callable[[Any, Any, Any], Awaitable[None]]
API: Final = ("/api/billing/", "/api/trpc/")


class Root:
    """Hands each request to whom its path belongs."""

    def __init__(self, proxy: App, api: App) -> None:
        self._proxy = proxy
        self._api = api

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        belongs = self._api if scope["path"].startswith(API) else self._proxy
        await belongs(scope, receive, send)
