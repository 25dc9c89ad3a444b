"""In front of every procedure: who asks, what they may, and how much they may send.

A GET looks and takes any role; everything else changes something and takes `admin`. That goes
for REST and tRPC alike. Only the OpenAPI document is for everybody.
"""

import asyncio
import re
from typing import Final

from api.context import Actor, KeyFinder
from api.errors import ApiError, BadField, api_error
from api.trpc import refusal
from config.bounds import EXPORT_STALLED_S
from proxy.asgi import (
    App,
    ClientGone,
    Receive,
    Scope,
    Send,
    TooLarge,
    TooSlow,
    replayed,
    unstalled,
    whole_body,
)
from storage.errors import StorageError
from storage.key_records import BadKey

OPENAPI_PATH: Final = "/api/billing/openapi.json"
EXPORT_PATH: Final = "/api/billing/export"
API_BODY_BYTES_MAX: Final = 64 * 1024
AT_ONCE_MAX: Final = 16
"""Requests worked on at once; further ones wait their turn, so that calls through the proxy
always find a connection to Redis and the janitor one to SQL."""
EXPORTS_MAX: Final = 2
"""An export lasts as long as its client reads on, so exports have turns of their own."""
LOOKS: Final = ("GET", "HEAD")
_KEY: Final = re.compile(r"[!-~]{1,255}")
_HOW = "`purser keys create NAME --admin --role admin` makes one"


class Gate:
    """Lets a request through to `app` with `scope["actor"]`, or answers it."""

    def __init__(self, app: App, keys: KeyFinder) -> None:
        self._app = app
        self._keys = keys
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)
        self._exports = asyncio.Semaphore(EXPORTS_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "not served here"})
            return
        assert scope["type"] == "http", "lifespan belongs to whoever composes the application"
        try:
            body = await _body(scope, receive)
            async with self._exports if scope["path"] == EXPORT_PATH else self._turns:
                if scope["path"] != OPENAPI_PATH:
                    scope["actor"] = await self._actor(scope)
                    scope["idempotency_key"] = _idempotency_key(scope)
                if scope["path"] == EXPORT_PATH:
                    send = unstalled(send, EXPORT_STALLED_S)
                await self._app(scope, replayed(body, receive), send)
        except ClientGone:
            return
        except ApiError as error:
            headers = {**error.headers, "Connection": "close"}
            await refusal(error, scope, headers)(scope, receive, send)

    async def _actor(self, scope: Scope) -> Actor:
        secret = _bearer(scope)
        try:
            record = await self._keys.find(secret, "admin")
        except BadKey as error:
            if error.why == "kind":
                raise ApiError(
                    403,
                    "not_an_admin_token",
                    f"This key is for calls through the proxy; the billing API takes an admin "
                    f"token: {_HOW}.",
                ) from None
            raise _unauthorized(f"the token is {error.why}") from None
        except StorageError as error:
            raise api_error(error) from error
        role = record.role or "viewer"
        if role != "admin" and scope["method"] not in LOOKS:
            raise ApiError(
                403,
                "wrong_role",
                f"The token '{record.name}' is a viewer's: it may read. Changes take one with the "
                "role admin.",
            )
        return Actor(record.name, role)


def _bearer(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1:
        raise _unauthorized("send one as `Authorization: Bearer …`")
    scheme, _, token = found[0].decode("latin-1").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("send it as `Authorization: Bearer …`")
    return str(token.strip())


def _unauthorized(why: str) -> ApiError:
    return ApiError(
        401,
        "unauthorized",
        f"The billing API takes an admin token: {why}. {_HOW}.",
        headers={"WWW-Authenticate": 'Bearer realm="Purser billing"'},
    )


def _idempotency_key(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"idempotency-key"]
    if not found:
        return None
    text = found[0].decode("latin-1").strip()
    if len(found) > 1 or not _KEY.fullmatch(text):
        raise BadField("Idempotency-Key", "one, of 1 to 255 visible ASCII characters")
    return str(text)


async def _body(scope: Scope, receive: Receive) -> bytes:
    try:
        return await whole_body(scope, receive, API_BODY_BYTES_MAX)
    except TooLarge:
        most = f"A request body has at most {API_BODY_BYTES_MAX} bytes."
        raise ApiError(413, "too_large", most) from None
    except TooSlow:
        raise ApiError(408, "too_slow", "The request was not complete in time.") from None
