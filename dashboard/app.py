"""The panel as one ASGI application: Dash inside, the gate in front."""

import asyncio
import logging
import secrets
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from dash import Dash, html
from fastapi import FastAPI

from dashboard import shell
from dashboard.compress import Compressed
from dashboard.context import PREFIX, Context, current_session
from dashboard.errors import ReadableErrors, on_error
from dashboard.exports import EXPORTS, Exports
from dashboard.gate import Gate
from dashboard.http import HTML, Refused, answer, header_or_none, is_https
from dashboard.index import NONCE, First, Index, document, policy
from dashboard.pages import BY_SLUG, PAGES
from dashboard.services import Services
from dashboard.sessions import CSRF_COOKIE, CSRF_HEADER, Book
from dashboard.sheets import made
from dashboard.static import ASSETS_URL, SUITES, Static
from proxy.asgi import App, Receive, Scope, Send

LAYOUT: Final = f"{PREFIX}_dash-layout"
DASH_GETS: Final = (LAYOUT, f"{PREFIX}_dash-dependencies")
DASH_POST: Final = f"{PREFIX}_dash-update-component"
FIRST_S: Final = 1.0
"""How long a page waits for its figures; later they come when Dash asks."""

first_layout: ContextVar[Any] = ContextVar("purser_first_layout")
_log = logging.getLogger("purser.panel")


def create_panel(services: Services) -> "Panel":
    """The panel. Whoever runs it opens and closes what `services` holds."""
    return Panel(services)


class Panel:
    """Everything below `/admin`. `start` has to end before the first request."""

    def __init__(self, services: Services) -> None:
        self.book = Book(services.sessions)
        services = replace(services, forget_sessions=self.book.forget)
        self._services = services
        self._static = Static(services.cache_dir, made())
        server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        # Added before Dash's own, so that it is the innermost.
        server.add_middleware(ReadableErrors)
        self._dash: App = server
        self._exports = Exports(services)
        self._app = _dash_on(server, self._static.url("panel.css"))
        shell.register(self._app, services)
        for page in PAGES:
            page.register(self._app, services)
        self._index = ""
        self._policy = ""
        self._warm: asyncio.Task[None] | None = None
        self._gate = Gate(services, self.book, Compressed(self._inside), self._asset)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request below `/admin`."""
        await self._gate(scope, receive, send)

    async def start(self) -> None:
        """Have Dash make its index once: it names the bundles that may be served."""
        self._index = (await _asked(self._dash, PREFIX)).decode()
        self._static.register(self._app.registered_paths)
        self._policy = policy(self._app.csp_hashes())

    async def stop(self) -> None:
        """End what was begun."""
        if self._warm is not None:
            self._warm.cancel()

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if method == "POST":
            if path != DASH_POST:
                raise Refused(405, "nothing is sent to this path")
            await self._dash(scope, receive, send)
        elif path == LAYOUT:
            token = first_layout.set(await self._first(scope))
            try:
                await self._dash(scope, receive, send)
            finally:
                first_layout.reset(token)
        elif path in DASH_GETS:
            await self._dash(scope, receive, send)
        elif path.startswith((SUITES, ASSETS_URL)):
            await self._static.serve(scope, receive, send)
        elif path.startswith(EXPORTS):
            await self._exports.serve(scope, receive, send)
        else:
            await self._page(scope, send)

    async def _asset(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whoever is at the login page is about to need the bundles.
        if self._warm is None:
            self._warm = asyncio.create_task(self._static.warm_up())
        await self._static.serve(scope, receive, send)

    async def _first(self, scope: Scope) -> Any:
        """The page that the browser is on: it asks from there."""
        try:
            asked = urlsplit(header_or_none(scope, b"referer") or "")
        except ValueError:
            asked = urlsplit("")
        return await self._layout(asked)

    async def _layout(self, asked: SplitResult) -> Any:
        view = shell.view_of(asked.path or PREFIX, asked.query)
        return await shell.whole(Context(self._services, current_session.get(), view), asked)

    async def _seen_first(self, scope: Scope) -> First | None:
        """What the page begins with; None where its figures are not there in time."""
        asked = SplitResult(
            "https" if is_https(scope) else "http",
            header_or_none(scope, b"host") or "",
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            "",
        )
        try:
            async with asyncio.timeout(FIRST_S):
                drawn = await self._layout(asked)
        except TimeoutError:
            return None
        # In a thread, or calls on the same loop would wait for it.
        return await asyncio.to_thread(First.of, drawn, urlunsplit(asked))

    async def _page(self, scope: Scope, send: Send) -> None:
        slug = scope["path"].removeprefix(PREFIX).strip("/")
        known = slug in BY_SLUG or not slug
        first = await self._seen_first(scope) if known and scope["method"] == "GET" else None
        nonce = secrets.token_urlsafe(18)
        headers = [
            (b"content-type", HTML),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", self._policy.replace(NONCE, nonce).encode()),
        ]
        text = document(self._index, nonce, first)
        await answer(scope, send, 200 if known else 404, headers, text)


def _dash_on(server: FastAPI, sheet: str) -> Dash:
    app = Index(
        name="purser.panel",
        server=server,
        url_base_pathname=PREFIX,
        include_assets_files=False,
        suppress_callback_exceptions=True,
        title="Purser",
        update_title=None,
        on_error=on_error,
        enable_mcp=False,
        compress=False,
        add_log_handler=False,
        csrf_token_name=CSRF_COOKIE,
        csrf_header_name=CSRF_HEADER,
    )
    app.sheet = sheet
    # It opens a WebSocket on every page otherwise; the gate lets none through.
    app.backend.websocket_capability = False
    app.layout = lambda: first_layout.get(html.Div())
    return app


async def _asked(app: App, path: str) -> bytes:
    """The body of a GET that nobody but us makes."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    return b"".join(message.get("body", b"") for message in sent[1:])
