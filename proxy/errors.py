"""What the proxy raises, and how it answers where it must answer itself.

ProxyError
├── Refusal            answered by Purser in OpenAI's error shape
└── UpstreamError      the upstream gave no complete answer
    ├── NeverSent      certainly nothing of the request left: its hold is voided
    │   └── NotConnectedInTime
    └── Sent           it may have been worked on: its hold is assumed
        ├── TimedOut
        ├── Cut
        └── Rubbish    bytes that are not HTTP, or more than we read
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import orjson

from budget.errors import Refused, Unavailable
from config.bounds import RETRY_AFTER_S_MAX, RETRY_IN_FLIGHT_MS
from config.money import usd_text
from storage.key_records import Kind as KeyKind
from storage.key_records import Why

HeaderList = list[tuple[bytes, bytes]]
"""Headers as ASGI and the wire carry them: order and duplicates kept."""

NO_RETRY: Final = (b"x-should-retry", b"false")
RETRY: Final = (b"x-should-retry", b"true")


class ProxyError(Exception):
    """The root of this package's errors."""


class Refusal(ProxyError):
    """An answer that Purser gives in place of the upstream, in OpenAI's error shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        purser: dict[str, Any] | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type_
        self.code = code
        self.param = param
        self.purser = purser
        self.headers = headers

    @property
    def reason(self) -> str:
        """One word for logs and metrics, from a bounded set."""
        return (self.purser or {}).get("reason") or self.code or self.type

    def body(self) -> bytes:
        """The JSON that the client's SDK turns into its own exception."""
        error: dict[str, Any] = {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
        if self.purser is not None:
            error["purser"] = self.purser
        return orjson.dumps({"error": error})


class UpstreamError(ProxyError):
    """The upstream gave no complete answer."""


class NeverSent(UpstreamError):
    """No connection came about."""


class NotConnectedInTime(NeverSent):
    """No connection came about within the time for it."""


class Sent(UpstreamError):
    """The request left, wholly or in part, and no complete answer came back."""


class TimedOut(Sent):
    """The upstream took or gave no bytes within the time for it."""


class Cut(Sent):
    """The connection ended before the answer did."""


class Rubbish(Sent):
    """The answer is not HTTP, or larger than what is read of one."""


def bad_request(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """400: the request cannot be understood or bounded."""
    return Refusal(HTTPStatus.BAD_REQUEST, message, param=param, code=code)


def unauthorized(why: str) -> Refusal:
    """401: the deployment is not open to this request, and no usable key came with it."""
    return _no_entry(
        f"This Purser needs a key: {why}. `purser keys create` makes one; it travels as "
        "`Authorization: Bearer pk-purser-…`. Without keys Purser serves local programs alone: "
        "bind it to 127.0.0.1 (server.host), set auth.proxy to auto, and call it at a loopback "
        "address with no proxy in between.",
        "key_missing",
    )


def bad_key(why: Why, wanted: KeyKind) -> Refusal:
    """401: the key that was presented opens nothing.

    Only who holds the whole secret learns that it expired or was revoked: it has 256 random
    bits, so nobody finds that out by trying.
    """
    other = "an admin key, for the billing API" if wanted == "proxy" else "a proxy key, for calls"
    said = {
        "unknown": "The Purser key is not known here",
        "expired": "The Purser key has expired",
        "revoked": "The Purser key was revoked",
        "kind": f"The Purser key is {other}",
    }[why]
    return _no_entry(f"{said}. `purser keys list` shows those there are.", f"key_{why}")


def _no_entry(message: str, reason: str) -> Refusal:
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        message,
        code="invalid_api_key",
        purser={"reason": reason},
        headers=((b"www-authenticate", b'Bearer realm="Purser"'), NO_RETRY),
    )


def forbidden(key: str, what: str, kind: str, allowed: tuple[str, ...]) -> Refusal:
    """403: the key is bound to other endpoints or models."""
    return Refusal(
        HTTPStatus.FORBIDDEN,
        f"The key '{key}' does not allow {what}. Its {kind}: {', '.join(allowed)}.",
        code="key_forbids",
        purser={"reason": "key_forbids", "allowed": allowed},
        headers=(NO_RETRY,),
    )


def not_its_pin(where: str, what: str, pin: str) -> Refusal:
    """403: the key is pinned to another agent type or campaign than the request names."""
    return Refusal(
        HTTPStatus.FORBIDDEN,
        f"{where} disagrees with the key, which is pinned to the {what} '{pin}'. Leave it out, "
        "or use another key.",
        code="key_pinned",
        purser={"reason": "key_pinned"},
        headers=(NO_RETRY,),
    )


def not_found(method: str, path: str) -> Refusal:
    """404: no endpoint of this path is known here."""
    return Refusal(
        HTTPStatus.NOT_FOUND,
        f"Unknown request URL: {method} {path}. Purser forwards the endpoints that it can bound.",
        code="unknown_url",
    )


def wrong_method(method: str, path: str, allowed: tuple[str, ...]) -> Refusal:
    """405: the path is known, the method is not."""
    return Refusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"Not allowed to {method} on {path}. Allowed: {', '.join(allowed)}.",
        code="method_not_supported",
        headers=((b"allow", ", ".join(allowed).encode()),),
    )


def not_served(path: str, why: str) -> Refusal:
    """403: an endpoint whose spend cannot be bounded, while budgets apply."""
    return Refusal(
        HTTPStatus.FORBIDDEN,
        f"Purser does not forward {path} while a budget applies: {why}",
        code="endpoint_not_bounded",
        purser={"reason": "endpoint_not_bounded"},
        headers=(NO_RETRY,),
    )


def upgrade_needed() -> Refusal:
    """426: a realtime session was asked for without a WebSocket."""
    return Refusal(
        HTTPStatus.UPGRADE_REQUIRED,
        "A realtime session is a WebSocket: connect with Upgrade: websocket.",
        code="upgrade_required",
        headers=((b"upgrade", b"websocket"),),
    )


def not_priced(model: str) -> Refusal:
    """400: `provider_price` cannot bound the cost of a model without a price."""
    return Refusal(
        HTTPStatus.BAD_REQUEST,
        f"The model '{model}' has no price here, so no budget can bound what it costs. Add one "
        f"under prices in the configuration file, charge by agent_rate, or set "
        f"admission.unpriced_model.",
        param="model",
        code="model_not_priced",
        purser={"reason": "model_not_priced", "model": model},
        headers=(NO_RETRY,),
    )


def too_busy(in_flight_max: int) -> Refusal:
    """503: as many requests as this process takes are in flight."""
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Purser has {in_flight_max} requests in flight, as many as it takes. Try again.",
        type_="server_error",
        code="too_many_in_flight",
        headers=((b"retry-after", b"1"),),
    )


def unavailable(error: Unavailable) -> Refusal:
    """503: admission cannot answer now, so nothing leaves."""
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Purser cannot check budgets now ({error.reason}), so nothing was sent. Try again.",
        type_="server_error",
        code="budgets_unavailable",
        purser={"reason": "unavailable"},
        headers=((b"retry-after", str(max(1, error.retry_after_s)).encode()),),
    )


STOPPED: Final = {
    "frozen": "Spending is frozen by an administrator; `purser thaw` ends it.",
    "campaign_paused": "The campaign is paused by an administrator.",
    "campaign_completed": "The campaign is completed: an administrator closed it.",
}
"""Refusals that no budget makes, and no waiting ends."""


def refused(error: Refused, status: int) -> Refusal:
    """What admission refused. `status` is what ops chose for a spent budget: 429 or 402."""
    if error.reason == "budget_in_flight":
        return _in_flight(error)
    if error.reason in STOPPED:
        return Refusal(
            status,
            f"{STOPPED[error.reason]} Nothing was sent.",
            type_="insufficient_quota",
            code="insufficient_quota",
            purser={"reason": error.reason},
            headers=((b"x-purser-refusal", error.reason.encode()), NO_RETRY),
        )
    return _exceeded(error, status)


def _exceeded(error: Refused, status: int) -> Refusal:
    headers: HeaderList = [(b"x-purser-refusal", error.reason.encode()), NO_RETRY]
    resets_at = None
    until = "Its window does not end: only a higher limit lets calls through."
    if error.resets_at_ms is not None:
        resets_at = iso_time(error.resets_at_ms)
        until = f"It resets at {resets_at}."
        wait_s = -(-(error.resets_at_ms - error.now_ms) // 1000)
        headers.append((b"x-purser-reset", resets_at.encode()))
        headers.append((b"retry-after", str(min(max(1, wait_s), RETRY_AFTER_S_MAX)).encode()))
    return Refusal(
        status,
        f"Budget '{error.rule}' is spent: {_sums(error)}. Nothing was sent. {until}",
        type_="insufficient_quota",
        code="insufficient_quota",
        purser=_purser(error) | {"resets_at": resets_at},
        headers=tuple(headers),
    )


def _in_flight(error: Refused) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"Budget '{error.rule}' has too much held by calls in flight: {_sums(error)}. "
        "Nothing was sent. It would fit once they settle: try again.",
        type_="rate_limit_exceeded",
        code="rate_limit_exceeded",
        purser=_purser(error),
        headers=(
            (b"x-purser-refusal", b"budget_in_flight"),
            (b"retry-after-ms", str(RETRY_IN_FLIGHT_MS).encode()),
            RETRY,
        ),
    )


def _purser(error: Refused) -> dict[str, Any]:
    limit = None if error.limit_nano is None else orjson.Fragment(usd_text(error.limit_nano))
    return {"reason": error.reason, "rule": error.rule, "limit_usd": limit}


def _sums(error: Refused) -> str:
    return (
        f"limit {usd_text(error.limit_nano or 0)} USD, spent {usd_text(error.posted_nano or 0)}, "
        f"in flight {usd_text(error.held_nano or 0)}, "
        f"this call may cost {usd_text(error.needed_nano or 0)}"
    )


def iso_time(at_ms: int) -> str:
    """`2026-05-01T00:00:00Z`: a time in UTC to the second."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def no_answer(error: UpstreamError, *, charged: bool) -> Refusal:
    """502 or 504 for an upstream without a complete answer; a retry only where nothing is lost."""
    match error:
        case NotConnectedInTime():
            status, code = HTTPStatus.GATEWAY_TIMEOUT, "upstream_connect_timeout"
        case NeverSent():
            status, code = HTTPStatus.BAD_GATEWAY, "upstream_unreachable"
        case TimedOut():
            status, code = HTTPStatus.GATEWAY_TIMEOUT, "upstream_timeout"
        case Rubbish():
            status, code = HTTPStatus.BAD_GATEWAY, "upstream_unreadable"
        case _:
            status, code = HTTPStatus.BAD_GATEWAY, "upstream_cut"
    money = "Nothing is charged."
    if charged:
        money = "The request had been sent, so all that was held is charged; a retry costs again."
    return Refusal(
        status,
        f"The upstream gave no complete answer: {error}. {money}",
        type_="upstream_error",
        code=code,
        purser={"reason": code, "charged": charged},
        headers=(NO_RETRY,) if charged else (),
    )


def internal() -> Refusal:
    """500: the last resort."""
    return Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Purser failed on this request; its log says why under the request id.",
        type_="server_error",
        code="internal_error",
        headers=(NO_RETRY,),
    )
