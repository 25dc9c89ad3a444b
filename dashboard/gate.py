"""In front of everything below `/admin`: who asks, from where, how much, and with what headers.

Before a login only the login page and what it is drawn with is served. A WebSocket never is.
Whatever may change something comes from our own pages, carries the session's token, is JSON
and is bounded.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from config.bounds import PANEL_AT_ONCE_MAX, PANEL_BODY_BYTES_MAX
from dashboard.context import PREFIX, current_session
from dashboard.http import (
    JSON,
    NO_STORE,
    SECURITY,
    Refused,
    check_origin,
    cookies,
    header,
    header_or_none,
    redirect,
    refuse,
    whole_body,
)
from dashboard.login import LOGIN, Login, login_for
from dashboard.services import Services
from dashboard.sessions import SESSION_COOKIE, Book, has_token
from proxy.asgi import App, ClientGone, Receive, Scope, Send, replayed
from storage.errors import StorageError
from storage.sessions import Session

OPEN_ASSETS: Final = tuple(
    f"{PREFIX}assets/{name}" for name in ("door.css", "favicon.svg", "fonts/")
)
"""What the login page is drawn with."""

LOGOUT: Final = f"{PREFIX}logout"
LOGOUT_EVERYWHERE: Final = f"{PREFIX}logout-everywhere"
_log = logging.getLogger("purser.panel")


class Gate:
    """Lets a request through to `inside`, with its session in `current_session`."""

    def __init__(self, services: Services, book: Book, inside: App, assets: App) -> None:
        self._book = book
        self._inside = inside
        self._assets = assets
        self._login = Login(services, book)
        self._turns = asyncio.Semaphore(PANEL_AT_ONCE_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "not served here"})
            return
        assert scope["type"] == "http", "lifespan belongs to whoever composes the application"
        send = _with_headers(send)
        try:
            await self._serve(scope, receive, send)
        except Refused as refused:
            await refuse(
                scope, send, refused.status, f"{refused.why[:1].upper()}{refused.why[1:]}."
            )
        except ClientGone:
            return
        except StorageError as error:
            _log.warning("the panel waits for storage", extra={"why": str(error)})
            await refuse(scope, send, 503, f"The panel cannot say who you are now: {error}.")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path in ("/admin", "/admin/", PREFIX.rstrip("/")) and method in ("GET", "HEAD"):
            await redirect(scope, send, PREFIX)
            return
        if not path.startswith(PREFIX):
            raise Refused(404, "there is nothing at this path; the panel is at " + PREFIX)
        if method not in ("GET", "HEAD", "POST"):
            raise Refused(405, f"not allowed here: {method}")
        if method == "POST":
            check_origin(scope)
        if path == LOGIN:
            await self._at_login(scope, receive, send)
            return
        if path.startswith(OPEN_ASSETS) and method != "POST":
            await self._assets(scope, receive, send)
            return
        session = await self._book.of(scope)
        if session is None:
            await self._without_session(scope, send)
            return
        await self._admitted(scope, receive, send, session)

    async def _at_login(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await self._login.enter(scope, receive, send)
        else:
            await self._login.page(scope, send)

    async def _without_session(self, scope: Scope, send: Send) -> None:
        expired = SESSION_COOKIE in cookies(scope)
        mode = header_or_none(scope, b"sec-fetch-mode")
        wants_page = "text/html" in (header_or_none(scope, b"accept") or "")
        if scope["method"] == "GET" and (mode == "navigate" or (mode is None and wants_page)):
            await redirect(scope, send, login_for(scope, expired=expired))
            return
        raise Refused(401, "log in first")

    async def _admitted(self, scope: Scope, receive: Receive, send: Send, session: Session) -> None:
        path = scope["path"]
        if path in (LOGOUT, LOGOUT_EVERYWHERE):
            await self._log_out(scope, receive, send, session)
            return
        if scope["method"] == "POST":
            if not has_token(scope, session):
                raise Refused(403, "the request carries no token of this session")
            kind = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Refused(415, "a callback is JSON")
            body = await whole_body(scope, receive, PANEL_BODY_BYTES_MAX)
            receive = replayed(body, receive)
        token = current_session.set(session)
        try:
            async with self._turns:
                await self._inside(scope, receive, send)
        finally:
            current_session.reset(token)

    async def _log_out(self, scope: Scope, receive: Receive, send: Send, session: Session) -> None:
        if scope["method"] != "POST":
            await redirect(scope, send, PREFIX)
            return
        # A form of our own: its origin was checked, and it does nothing that a token would save.
        await whole_body(scope, receive, PANEL_BODY_BYTES_MAX)
        everywhere = scope["path"] == LOGOUT_EVERYWHERE
        await self._login.leave(scope, send, session, everywhere=everywhere)


def _with_headers(send: Send) -> Callable[[Any], Awaitable[None]]:
    """Our headers on every answer; JSON where an answer says nothing of its kind."""

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            names = {name.lower() for name, _value in headers}
            if b"content-type" not in names and message["status"] == 200:
                headers.append((b"content-type", JSON))
            if b"cache-control" not in names:
                headers.append(NO_STORE)
            message = {**message, "headers": headers + SECURITY}
        await send(message)

    return sending
