"""The panel of a process, put together when it is first asked for.

It is a third of what a process imports, and most processes of a deployment never show it: they
start without it. Threads import it then, so that calls go on meanwhile.
"""

import asyncio
from typing import Any

from app.late import member
from dashboard.services import Services


class Panel:
    """Everything below `/admin`, as an ASGI application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._opening: asyncio.Task[Any] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; the first ones wait until the panel stands."""
        panel = await self.open()
        await panel(scope, receive, send)

    async def open(self) -> Any:
        """Put it together, if it is not. What went wrong reaches whoever asked, who may again."""
        if self._opening is None or _failed(self._opening):
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def stop(self) -> None:
        """End what was begun."""
        if self._opening is None:
            return
        self._opening.cancel()
        await asyncio.wait({self._opening})
        if not _failed(self._opening):
            await self._opening.result().stop()

    async def _open(self) -> Any:
        panel = await asyncio.to_thread(self._made)
        await panel.start()
        return panel

    def _made(self) -> Any:
        return member("dashboard.app", "create_panel")(self._services)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
