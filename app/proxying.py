"""One proxy process, put together: its line to Redis, its admission, its application."""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from app.desk import desk_of
from app.engines import Engines
from app.live import Live
from app.readiness import readiness
from app.root import Root
from app.secrets import metadata_cipher
from budget.admission import Admission, AdmissionLimits
from budget.endings import Endings
from budget.late import LateWork
from budget.lifeline import Lifeline
from budget.settlement import Settlement
from proxy.app import create_proxy
from proxy.forward import Upstream
from proxy.health import Readiness
from proxy.metrics import Metrics
from proxy.terms import Services, Terms, terms_from
from proxy.tokens import preload
from storage.holds import HoldStore
from storage.jobs import Jobs
from storage.keys import Keys

LEAVE_S: Final = 10.0
"""How long a process that ends waits for Redis to acknowledge how its calls ended."""


class ProxyProcess:
    """What serves calls. `sandbox_url` is that of the stand-in, where it answers."""

    def __init__(self, engines: Engines, live: Live, sandbox_url: str, *, with_panel: bool) -> None:
        self._live = live
        self._host = live.loaded.settings.server.host
        self._sandbox_url = f"{sandbox_url}/v1" if sandbox_url else ""
        self._started_ms = int(time.time() * 1000)
        self._terms: tuple[int, str, Terms] | None = None
        holds = HoldStore(engines.link, f"proxy-{uuid.uuid4().hex}")
        self.endings = Endings(holds, engines.ledger.entries_of)
        self.lifeline = Lifeline(engines.link, holds, self.endings, self._about)
        self.settlement = Settlement(self.lifeline)
        self.late = LateWork(self.lifeline, self.settlement, Jobs(engines.link, engines.ledger))
        self._upstream = Upstream()
        cipher = metadata_cipher(engines.data_dir)
        keys = Keys(engines.link, engines.ledger)

        def encrypt(plain: bytes) -> str:
            return cipher.encrypt(plain).decode()

        services = Services(
            current=self._current,
            admission=Admission(self.lifeline, self.settlement, self._limits),
            settlement=self.settlement,
            late=self.late,
            keys=keys,
            upstream=self._upstream,
            encrypt=encrypt,
            readiness=self._readiness,
            metrics=Metrics(),
        )
        desk = desk_of(engines, live, self.lifeline, encrypt, with_panel=with_panel)
        self._panel = desk.panel
        self.app = Root(create_proxy(services), desk.api, desk.panel)

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox answers; empty where the real upstream does."""
        return self._sandbox_url.removesuffix("/v1")

    async def start(self) -> None:
        """Load what the first call would wait for, then join Redis."""
        await asyncio.to_thread(preload)
        self.lifeline.start()

    async def stop(self) -> None:
        """Wait for endings to be acknowledged, then leave."""
        await self.late.wait_until_acknowledged(LEAVE_S)
        await self.settlement.wait_until_acknowledged(LEAVE_S)
        if self._panel is not None:
            await self._panel.stop()
        await self.lifeline.stop()
        await self._upstream.aclose()

    def _about(self) -> Mapping[str, Any]:
        return {
            "kind": "proxy",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_ms": self._started_ms,
            "digest": self._live.loaded.digest,
        }

    def _limits(self) -> AdmissionLimits:
        settings = self._live.loaded.settings
        return AdmissionLimits(
            implicit_share_mille=settings.admission.implicit_share_mille,
            outbox_bytes_max=settings.storage.outbox_bytes_max,
        )

    def _current(self) -> Terms:
        loaded, standing = self._live.loaded, self.lifeline.standing
        generation = standing.generation if standing else ""
        if self._terms is None or self._terms[:2] != (id(loaded), generation):
            terms = terms_from(loaded, generation, self._sandbox_url, self._host)
            self._terms = (id(loaded), generation, terms)
        return self._terms[2]

    async def _readiness(self) -> Readiness:
        return readiness(self.lifeline, self._live)
