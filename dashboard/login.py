"""The login page: plain HTML without a script, and what it leads to."""

import html
import logging
import math
import re
from typing import Final
from urllib.parse import parse_qs, quote, urlencode

from config.bounds import LOGIN_BODY_BYTES_MAX, PASSWORD_CHARS_MAX
from dashboard.context import PLACE, PREFIX
from dashboard.guesses import Guesses
from dashboard.http import (
    HTML,
    NO_STORE,
    Refused,
    address_of,
    answer,
    cookies,
    header_or_none,
    redirect,
    whole_body,
)
from dashboard.passwords import Passwords, TooBusy, is_outdated
from dashboard.services import Services
from dashboard.sessions import DEVICE_COOKIE, Book, given, taken
from dashboard.throttle import Throttle, buckets_of, device_cookie, known_device
from proxy.asgi import Receive, Scope, Send
from storage.keys import By
from storage.sessions import Session
from storage.users import NAME, User

LOGIN: Final = f"{PREFIX}login"
POLICY: Final = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
)
_NEXT: Final = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9/?&=%+._~:,-]*")
_FIELDS_MAX: Final = 20
_log = logging.getLogger("purser.panel")


class Login:
    """Logs in and out. Raises `LedgerUnavailable` where SQL does not answer."""

    def __init__(self, services: Services, book: Book) -> None:
        self._services = services
        self._book = book
        self._throttle = Throttle()
        self._passwords = Passwords()
        self._guesses = Guesses(services.ledger)

    async def page(self, scope: Scope, send: Send) -> None:
        """The empty form."""
        query = _fields(scope["query_string"].decode("latin-1"))
        why = {"expired": "Your session has ended. Please log in again."}
        note = why.get(query.get("why", [""])[0], "")
        if query.get("why", [""])[0] == "out":
            note = "You are logged out."
        await self._show(scope, send, 200, query.get("next", [""])[0], note=note)

    async def enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check what was sent; open a session, or say what is wrong."""
        kind = (header_or_none(scope, b"content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise Refused(415, "a login is a form")
        body = await whole_body(scope, receive, LOGIN_BODY_BYTES_MAX)
        form = _fields(body.decode("utf-8", "replace"))
        name, password, onward = (form.get(part, [""])[0] for part in ("name", "password", "next"))
        name, address = name.strip(), address_of(scope)
        device = known_device(self._services.secret, name, cookies(scope).get(DEVICE_COOKIE))
        buckets = buckets_of(name, address, device)
        wait_s = self._throttle.take(buckets)
        if wait_s:
            await self._slow(scope, send, onward, name, wait_s)
            return
        try:
            user = await self._checked(name, password)
        except TooBusy:
            self._throttle.give_back(buckets)
            await self._slow(scope, send, onward, name, 2)
            return
        if user is None:
            await self._guesses.note(name if NAME.fullmatch(name) else "", address)
            wrong = "Name or password is wrong."
            await self._show(scope, send, 401, onward, name=name, wrong=wrong)
            return
        self._throttle.give_back(buckets)
        agent = header_or_none(scope, b"user-agent") or ""
        opened = await self._services.sessions.open(user.name, user.role, address, agent)
        cookie = None if device else device_cookie(self._services.secret, user.name)
        await redirect(scope, send, own(onward), given(scope, opened, cookie))

    async def leave(self, scope: Scope, send: Send, session: Session, *, everywhere: bool) -> None:
        """End this session, or all of this user's."""
        by, sessions = By(session.user, PLACE, ""), self._services.sessions
        if everywhere:
            await sessions.revoke_all(session.user, by, "logout.everywhere")
        else:
            await sessions.revoke(session.id, by, "logout")
        self._book.forget()
        await redirect(scope, send, f"{LOGIN}?why=out", taken(scope))

    async def _checked(self, name: str, password: str) -> User | None:
        if not NAME.fullmatch(name) or not 0 < len(password) <= PASSWORD_CHARS_MAX:
            user = None
        else:
            user = await self._services.users.find(name)
        kept = None if user is None or user.disabled else user.hash
        if not await self._passwords.matches(kept, password[:PASSWORD_CHARS_MAX]) or user is None:
            return None
        if is_outdated(user.hash):
            await self._services.users.rehash(user.name, await self._passwords.hash(password))
        return user

    async def _slow(self, scope: Scope, send: Send, onward: str, name: str, wait_s: float) -> None:
        seconds = math.ceil(wait_s)
        wrong = f"Too many tries. Wait {seconds} s, then try again."
        await self._show(scope, send, 429, onward, name=name, wrong=wrong, retry_s=seconds)

    async def _show(
        self,
        scope: Scope,
        send: Send,
        status: int,
        onward: str,
        *,
        name: str = "",
        wrong: str = "",
        note: str = "",
        retry_s: int = 0,
    ) -> None:
        headers = [(b"content-type", HTML), NO_STORE, POLICY]
        if retry_s:
            headers.append((b"retry-after", str(retry_s).encode()))
        sandbox = self._services.upstream == "sandbox"
        text = _page(own(onward), name[:64], wrong, note, sandbox=sandbox)
        await answer(scope, send, status, headers, text.encode("utf-8", "replace"))


def _fields(text: str) -> dict[str, list[str]]:
    """What a form or a query says; nothing where it has more parts than ours."""
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return {}


def own(onward: str) -> str:
    """Where to go after a login: an address of the panel, whatever was asked for."""
    inside = _NEXT.fullmatch(onward) and "//" not in onward and ".." not in onward
    return onward if inside and not onward.startswith(LOGIN) else PREFIX


def login_for(scope: Scope, *, expired: bool) -> str:
    """The login page that leads back to what a request asked for."""
    asked = scope["path"]
    if scope["query_string"]:
        asked += "?" + scope["query_string"].decode("latin-1")
    parts = {"next": asked} if own(asked) == asked != PREFIX else {}
    query = urlencode(parts | ({"why": "expired"} if expired else {}), quote_via=quote)
    return f"{LOGIN}?{query}" if query else LOGIN


def _page(onward: str, name: str, wrong: str, note: str, *, sandbox: bool) -> str:
    told = ""
    if wrong:
        told = f'<p class="told wrong" role="alert">{html.escape(wrong)}</p>'
    elif note:
        told = f'<p class="told" role="status">{html.escape(note)}</p>'
    focus = ("", " autofocus") if name else (" autofocus", "")
    money = "Sandbox: no real money moves here." if sandbox else ""
    return f"""<!doctype html>
<html lang="en" data-theme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Log in · Purser</title>
<link rel="icon" type="image/svg+xml" href="{PREFIX}assets/favicon.svg">
<link rel="stylesheet" href="{PREFIX}assets/door.css">
</head>
<body class="login">
<main>
<form method="post" action="{LOGIN}" class="door">
<div class="brand"><span class="mark" aria-hidden="true"></span>Purser</div>
<h1>Log in to the budget panel</h1>
{told}
<input type="hidden" name="next" value="{html.escape(onward)}">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false"
 maxlength="64" required value="{html.escape(name)}"{focus[0]}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="{PASSWORD_CHARS_MAX}" required{focus[1]}>
<button type="submit">Log in</button>
<p class="aside">{money or "Every call, every budget, every cent."}</p>
</form>
</main>
</body>
</html>
"""
