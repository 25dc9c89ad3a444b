"""The proxy as one ASGI application: what answers which path, and the last resort."""

import asyncio
from typing import Any, Final

from uuid_utils import uuid7

from config.bounds import HOLD_S_MAX
from proxy.call import Calls
from proxy.entitlement import check_admin
from proxy.errors import Refusal, internal, not_found, wrong_method
from proxy.guard import InFlight
from proxy.health import JSON, UP
from proxy.local import why_not_local
from proxy.log import LOGGER, CallLine
from proxy.realtime import Realtime
from proxy.reply import Reply
from proxy.request import ClientGone, Request, Scope
from proxy.terms import Services

API: Final = (b"/v1", b"/a/", b"/c/")
METRICS_TYPE: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


def create_proxy(services: Services) -> "Proxy":
    """The ASGI application. Whoever runs it opens and closes what `services` holds."""
    return Proxy(services)


class Proxy:
    """Pages of its own, and the way of a call for everything else."""

    def __init__(self, services: Services) -> None:
        self._services = services
        in_flight = InFlight()
        self._calls = Calls(services, in_flight)
        self._realtime = Realtime(services, in_flight)
        self._pages = {
            b"/healthz": self._health,
            b"/readyz": self._ready,
            b"/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve HTTP, and realtime sessions over WebSocket."""
        if scope["type"] == "websocket":
            await self._realtime.serve(scope, receive, send)
            return
        assert scope["type"] == "http", "lifespan belongs to whoever composes the application"
        request, reply = Request(scope, receive), Reply(scope, send)
        page = self._pages.get(request.raw_path)
        if page is not None:
            await self._answer(page(request, reply), request, reply, None)
            return
        line = CallLine(request_id=str(uuid7()))
        reply.ours.append((b"x-purser-request-id", line.request_id.encode()))
        try:
            async with asyncio.timeout(HOLD_S_MAX):
                await self._answer(self._call(request, reply, line), request, reply, line)
        finally:
            reply.cut_short()
            line.write()
            self._services.metrics.record(line)

    async def _call(self, request: Request, reply: Reply, line: CallLine) -> None:
        if not request.raw_path.startswith(API):
            raise not_found(request.method, request.raw_path.decode("latin-1"))
        await self._calls.serve(request, reply, line)

    async def _answer(
        self, serving: Any, request: Request, reply: Reply, line: CallLine | None
    ) -> None:
        """Await `serving`, and give every exception its answer."""
        try:
            await serving
        except Refusal as refusal:
            await self._refuse(refusal, request, reply, line)
        except ClientGone:
            if line is not None and line.charge_nano is None:
                line.outcome = "gone"
        except Exception:  # noqa: BLE001  the last resort: no request goes unanswered
            request_id = None if line is None else line.request_id
            LOGGER.exception("request failed", extra={"fields": {"request_id": request_id}})
            if line is not None:
                line.reason = "internal_error"
            if not reply.started:
                await reply.refuse(internal(), close=True)

    async def _refuse(
        self, refusal: Refusal, request: Request, reply: Reply, line: CallLine | None
    ) -> None:
        if line is not None:
            line.reason = refusal.reason
            self._services.metrics.refusals.labels(refusal.reason).inc()
        unread = not request.body_complete
        if unread:
            await request.linger()
        await reply.refuse(refusal, close=unread and not request.body_complete)

    async def _health(self, request: Request, reply: Reply) -> None:
        only_get(request)
        await reply.whole(200, JSON, UP)

    async def _ready(self, request: Request, reply: Reply) -> None:
        only_get(request)
        readiness = await self._services.readiness()
        await reply.whole(readiness.http_status, JSON, readiness.body())

    async def _metrics(self, request: Request, reply: Reply) -> None:
        only_get(request)
        if why_not_local(request) is not None:
            await check_admin(request, self._services.keys)
        await reply.whole(200, [METRICS_TYPE], self._services.metrics.text())


def only_get(request: Request) -> None:
    """Raise a 405 `Refusal` for another method."""
    if request.method != "GET":
        raise wrong_method(request.method, request.raw_path.decode("latin-1"), ("GET",))
