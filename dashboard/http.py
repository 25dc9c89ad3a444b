"""Requests and answers of the gate: raw ASGI, bounded."""

import html
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import orjson

from proxy import asgi
from proxy.asgi import Receive, Scope, Send

HeaderList = list[tuple[bytes, bytes]]

JSON: Final = b"application/json"
HTML: Final = b"text/html; charset=utf-8"
NO_STORE: Final = (b"cache-control", b"no-store")
ALLOWED: Final = (b"allow", b"GET, HEAD, POST")
SECURITY: Final[HeaderList] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


class Refused(Exception):
    """A request that is answered with `status` and goes no further."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def header(scope: Scope, name: bytes) -> str | None:
    """The one header of this name; None where there is none. Raises `Refused` where more."""
    found = [value for key, value in scope["headers"] if key == name]
    if len(found) > 1:
        raise Refused(400, f"more than one {name.decode()} header")
    return found[0].decode("latin-1") if found else None


def cookies(scope: Scope) -> dict[str, str]:
    """The cookies of a request; of several with one name the first.

    Browsers send that of the longest path first: ours, and not one that another service of the
    same host has put over all of it.
    """
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, equals, given = part.strip().partition("=")
                if equals:
                    found.setdefault(key, given)
    return found


def is_https(scope: Scope) -> bool:
    """Whether the browser came by TLS, also where a proxy in front ended it."""
    forwarded = next((v for k, v in scope["headers"] if k == b"x-forwarded-proto"), b"")
    return bool(scope.get("scheme") == "https" or forwarded.lower() == b"https")


def address_of(scope: Scope) -> str:
    """Where a request comes from: the peer, or what a proxy on this machine says of it."""
    peer = str((scope.get("client") or ("",))[0])
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if peer in ("127.0.0.1", "::1") and forwarded:
        return forwarded[-1].decode("latin-1").split(",")[-1].strip()[:64] or peer
    return peer


def check_origin(scope: Scope) -> None:
    """Raise `Refused` unless a request that may change something comes from our own pages."""
    if (header(scope, b"sec-fetch-site") or "same-origin") != "same-origin":
        raise Refused(403, "this request comes from another site")
    origin, host = header(scope, b"origin"), header(scope, b"host")
    try:
        given = urlsplit(origin or "").netloc
    except ValueError:
        given = ""
    if not host or given.lower() != host.lower():
        raise Refused(403, "the Origin header is not this site's")


async def whole_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The body, bounded in size and time; raises `Refused` and `ClientGone`."""
    try:
        return await asgi.whole_body(scope, receive, bytes_max)
    except asgi.TooLarge:
        raise Refused(413, f"a body has at most {bytes_max} bytes here") from None
    except asgi.TooSlow:
        raise Refused(408, "the request was not complete in time") from None


async def answer(
    scope: Scope, send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> None:
    """Answer in full; a HEAD gets no body."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    shown = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": shown, "more_body": False})


async def redirect(scope: Scope, send: Send, to: str, headers: HeaderList | None = None) -> None:
    """Send the browser on, by GET."""
    # Latin-1 is what a header can carry; `to` is our own or was checked.
    where = (b"location", to.encode("latin-1", "replace"))
    await answer(scope, send, 303, [where, NO_STORE, *(headers or [])], b"")


async def refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    """Say no, as JSON to programs and in words to people."""
    also = [NO_STORE, ALLOWED] if status == 405 else [NO_STORE]
    if (header_or_none(scope, b"sec-fetch-mode")) == "navigate":
        page = f"<!doctype html><title>{status}</title><p>{html.escape(why)}".encode()
        await answer(scope, send, status, [(b"content-type", HTML), *also], page)
        return
    error = {"message": why, "type": "invalid_request_error", "param": None, "code": None}
    body = orjson.dumps({"error": error})
    await answer(scope, send, status, [(b"content-type", JSON), *also], body)


def header_or_none(scope: Scope, name: bytes) -> str | None:
    """The header, or None where there is not exactly one."""
    try:
        return header(scope, name)
    except Refused:
        return None
