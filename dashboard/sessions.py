"""Sessions as browsers hold them: cookies, and what a request's cookies stand for."""

import hmac
import time
from typing import Final

from config.bounds import SESSION_HEARD_S, SESSION_LIFE_S
from dashboard.context import PREFIX
from dashboard.http import cookies, header, is_https
from proxy.asgi import Scope
from storage.sessions import Opened, Session, Sessions, digest_of

SESSION_COOKIE: Final = "purser_session"
CSRF_COOKIE: Final = "purser_csrf"
CSRF_HEADER: Final = "X-CSRFToken"
DEVICE_COOKIE: Final = "purser_device"
DEVICE_LIFE_S: Final = 90 * 86_400
SECRET_CHARS_MAX: Final = 128
_HEARD_MAX: Final = 1_000
_PATH: Final = PREFIX.rstrip("/")


class Book:
    """The live sessions, asked of SQL at most once in `SESSION_HEARD_S` for each."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._heard: dict[str, tuple[float, Session | None]] = {}

    async def of(self, scope: Scope) -> Session | None:
        """The session of a request. Raises `LedgerUnavailable`."""
        secret = cookies(scope).get(SESSION_COOKIE, "")
        if not 0 < len(secret) <= SECRET_CHARS_MAX:
            return None
        digest, now = digest_of(secret), time.monotonic()
        heard = self._heard.get(digest)
        if heard is not None and heard[0] > now - SESSION_HEARD_S:
            return heard[1]
        found = await self._sessions.find(secret)
        if len(self._heard) >= _HEARD_MAX:
            self._heard.clear()
        self._heard[digest] = (now, found)
        return found

    def forget(self) -> None:
        """Ask SQL again: a session, a user or a role has changed here."""
        self._heard.clear()


def has_token(scope: Scope, session: Session) -> bool:
    """Whether a request carries the token that only this session's pages can read."""
    given = header(scope, CSRF_HEADER.lower().encode()) or ""
    return hmac.compare_digest(digest_of(given), session.csrf)


def given(scope: Scope, opened: Opened, device: str | None) -> list[tuple[bytes, bytes]]:
    """The headers that give a browser its session."""
    headers = [
        _cookie(scope, SESSION_COOKIE, opened.secret, SESSION_LIFE_S, hidden=True),
        _cookie(scope, CSRF_COOKIE, opened.csrf, SESSION_LIFE_S, hidden=False),
    ]
    if device is not None:
        headers.append(_cookie(scope, DEVICE_COOKIE, device, DEVICE_LIFE_S, hidden=True))
    return headers


def taken(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers that take it away; the browser stays known."""
    return [
        _cookie(scope, SESSION_COOKIE, "", 0, hidden=True),
        _cookie(scope, CSRF_COOKIE, "", 0, hidden=False),
    ]


def _cookie(
    scope: Scope, name: str, value: str, life_s: int, *, hidden: bool
) -> tuple[bytes, bytes]:
    # Lax: a shared link from a chat opens the panel, a form on another site does nothing.
    parts = [f"{name}={value}", f"Path={_PATH}", f"Max-Age={life_s}", "SameSite=Lax"]
    parts += ["HttpOnly"] if hidden else []
    parts += ["Secure"] if is_https(scope) else []
    return b"set-cookie", "; ".join(parts).encode()
