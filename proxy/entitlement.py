"""Who may call: the Purser key of a request, and what it is bound to."""

from typing import Final
from urllib.parse import unquote_to_bytes

from budget.errors import Unavailable
from proxy.endpoints import Endpoint, Kind
from proxy.errors import HeaderList, bad_key, bad_request, forbidden, unauthorized, unavailable
from proxy.headers import one
from proxy.local import why_not_local
from proxy.request import Request
from proxy.terms import KeyFinder, Terms
from storage.errors import StorageError
from storage.key_records import MARK, BadKey, KeyRecord, looks_like_ours
from storage.key_records import Kind as KeyKind

KEY: Final = "X-Purser-Key"


async def entitled(request: Request, terms: Terms, keys: KeyFinder) -> KeyRecord | None:
    """The caller's key; None for a local program while this deployment is open.

    A key that is presented counts while open too: its pins bind, and a wrong one opens
    nothing. Raises a 401 or 503 `Refusal`.
    """
    secret = presented(request, own_key_passes=terms.target.api_key is None)
    if secret is not None:
        return await _found(keys, secret, "proxy")
    why = why_not_local(request) if terms.open_to_loopback else "this deployment is not open"
    if why is not None:
        raise unauthorized(why)
    return None


async def check_admin(request: Request, keys: KeyFinder) -> None:
    """Raise a 401 `Refusal` unless an admin key is presented, of any role."""
    secret = presented(request, own_key_passes=False)
    if secret is None:
        raise unauthorized("this page is open to local programs and to admin keys")
    await _found(keys, secret, "admin")


def presented(request: Request, *, own_key_passes: bool) -> str | None:
    """The Purser key of a request, None without one. Raises `Refusal` for one in a wrong place.

    With `own_key_passes`, `Authorization` goes upstream: a Purser key there would be given away.
    """
    url = unquote_to_bytes(request.raw_path + b"?" + request.query).lower()
    if MARK.encode() in url:
        raise bad_request(
            "A Purser key stands in the URL, where logs keep it. Send it in a header, and "
            "rotate it: `purser keys rotate`.",
            code="key_in_url",
        )
    in_header = one(request.headers, KEY.lower().encode())
    bearer = _bearer(request.headers)
    if bearer is not None and own_key_passes:
        raise unauthorized(
            f"here Authorization carries the caller's own key for the provider, and the Purser "
            f"key travels in {KEY} (upstream.api_key: client)"
        )
    if in_header is None:
        return bearer
    secret = in_header.decode("latin-1").strip(" \t")
    if bearer is not None and bearer != secret:
        raise bad_request(
            f"Authorization and {KEY} carry different Purser keys; one is allowed.",
            code="two_keys",
        )
    return secret


def _bearer(headers: HeaderList) -> str | None:
    """What stands in `Authorization`, if it was meant as a key of ours."""
    value = (one(headers, b"authorization") or b"").decode("latin-1").strip(" \t")
    scheme, _, token = value.partition(" ")
    if scheme.lower() == "bearer" and looks_like_ours(token):
        return token.strip(" \t")
    if MARK in value.lower():
        raise unauthorized("its key is written as `Authorization: Bearer pk-purser-…`")
    return None


async def _found(keys: KeyFinder, secret: str, kind: KeyKind) -> KeyRecord:
    try:
        return await keys.find(secret, kind)
    except BadKey as error:
        raise bad_key(error.why, kind) from None
    except StorageError as error:
        raise unavailable(Unavailable("keys cannot be looked up")) from error


def check_endpoint(key: KeyRecord | None, endpoint: Endpoint) -> None:
    """Raise a 403 `Refusal` for an endpoint, or a model not to be seen, that the key excludes."""
    if key is None:
        return
    if not key.allows_endpoint(endpoint.name):
        raise forbidden(key.name, f"the endpoint {endpoint.name}", "endpoints", key.endpoints)


def check_model(key: KeyRecord | None, model: str) -> None:
    """Raise a 403 `Refusal` for a model that the key excludes."""
    if key is not None and not key.allows_model(model):
        raise forbidden(key.name, f"the model {model}", "models", key.models)


def check_unseen_model(key: KeyRecord | None, endpoint: Endpoint) -> None:
    """Raise a 403 `Refusal` for a call that may use any model, with a key bound to some."""
    if key is not None and key.models and endpoint.kind is not Kind.FREE:
        raise forbidden(key.name, f"{endpoint.name}, whose model is not seen", "models", key.models)
