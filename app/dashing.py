"""A process that serves admins and no calls: panel, billing API, its own health."""

import os
import socket
import time
import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from app.desk import desk_of
from app.engines import Engines
from app.live import Live
from app.readiness import readiness
from app.root import Root
from app.secrets import metadata_cipher
from budget.endings import Endings
from budget.lifeline import Lifeline
from proxy.health import JSON, UP
from storage.holds import HoldStore


class DashboardProcess:
    """What `purser dashboard` runs. Its lifeline reads; it never holds money."""

    def __init__(self, engines: Engines, live: Live) -> None:
        self._live = live
        self._started_ms = int(time.time() * 1000)
        holds = HoldStore(engines.link, f"dashboard-{uuid.uuid4().hex}")
        endings = Endings(holds, engines.ledger.entries_of)
        self.lifeline = Lifeline(engines.link, holds, endings, self._about)
        cipher = metadata_cipher(engines.data_dir)
        desk = desk_of(
            engines,
            live,
            self.lifeline,
            lambda plain: cipher.encrypt(plain).decode(),
            with_panel=True,
        )
        assert desk.panel is not None
        self._panel = desk.panel
        self.app = Root(self._pages, desk.api, desk.panel)

    async def start(self) -> None:
        """Have the panel ready, then join Redis."""
        await self._panel.open()
        self.lifeline.start()

    async def stop(self) -> None:
        """Leave."""
        await self._panel.stop()
        await self.lifeline.stop()

    def _about(self) -> Mapping[str, Any]:
        return {
            "kind": "dashboard",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_ms": self._started_ms,
            "digest": self._live.loaded.digest,
        }

    async def _pages(self, scope: Any, _receive: Any, send: Any) -> None:
        """`/healthz` and `/readyz`; there is nothing else here."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "not served here"})
            return
        if scope["path"] == "/healthz":
            status, body = 200, UP
        elif scope["path"] == "/readyz":
            found = readiness(self.lifeline, self._live)
            status, body = found.http_status, found.body()
        else:
            why = "This process serves /admin/budget and /api/billing; calls go to a proxy."
            status = 404
            body = orjson.dumps({"error": {"message": why, "type": "invalid_request_error"}})
        await send({"type": "http.response.start", "status": status, "headers": JSON})
        await send({"type": "http.response.body", "body": body})
