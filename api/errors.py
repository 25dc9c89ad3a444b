"""What the API answers where it does not do what was asked.

ApiError           status, code, message, and the field at fault where there is one
├── BadField       422: a field that says why it was not taken
└── NotFound       404

Errors of budget and storage become one of these in `api_error`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.fields import iso, usd
from budget.errors import (
    AlreadyMetered,
    BudgetError,
    CostTooLarge,
    KeyReused,
    Locked,
    NoSuchRule,
    PastMonth,
    Refused,
    Unavailable,
    Uncorrectable,
)
from config.bounds import RETRY_AFTER_S_MAX
from config.money import usd_text
from storage.errors import Conflict, StorageError

TRPC_CODES: Final = {
    400: ("BAD_REQUEST", -32600),
    401: ("UNAUTHORIZED", -32001),
    403: ("FORBIDDEN", -32003),
    404: ("NOT_FOUND", -32004),
    405: ("METHOD_NOT_SUPPORTED", -32005),
    408: ("TIMEOUT", -32008),
    409: ("CONFLICT", -32009),
    413: ("PAYLOAD_TOO_LARGE", -32013),
    422: ("UNPROCESSABLE_CONTENT", -32022),
    429: ("TOO_MANY_REQUESTS", -32029),
    503: ("SERVICE_UNAVAILABLE", -32603),
}


class ApiError(Exception):
    """An answer that says what is wrong and how to mend it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.more = more

    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"error": {"code": self.code, "message": self.message, **self.more}}

    def trpc(self, path: str) -> dict[str, Any]:
        """As tRPC has it: the code is that of JSON-RPC, the name tRPC's own."""
        name, number = TRPC_CODES.get(self.status, ("INTERNAL_SERVER_ERROR", -32603))
        data = {"code": name, "httpStatus": self.status, "path": path, "reason": self.code}
        return {"error": {"message": self.message, "code": number, "data": {**data, **self.more}}}


class BadField(ApiError):
    """A field that was not taken."""

    def __init__(self, field: str, allowed: str) -> None:
        one = {"field": field, "message": allowed}
        super().__init__(422, "invalid", f"{field}: {allowed}", field=field, fields=[one])


class NotFound(ApiError):
    """There is no such thing."""

    def __init__(self, message: str) -> None:
        super().__init__(404, "not_found", message)


FIELDS_MAX: Final = 20
FIELD_CHARS_MAX: Final = 200


def bad_fields(errors: Sequence[Any], without: int = 0) -> ApiError:
    """422 for what pydantic says of fields; `without` leaves out so many first parts of each
    place ("body", "query")."""
    fields = []
    for error in errors[:FIELDS_MAX]:
        place, message = error["loc"], error["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in place[without:]) or str(place[0] if place else "body")
        # What a client calls a field may be any text, even one that is no UTF-8.
        shown = name.encode("utf-8", "replace").decode()[:FIELD_CHARS_MAX]
        fields.append({"field": shown, "message": message})
    told = "; ".join(f"{one['field']}: {one['message']}" for one in fields[:5])
    return ApiError(422, "invalid", told, field=fields[0]["field"], fields=fields)


def api_error(error: BudgetError | StorageError) -> ApiError:
    """The answer to what budget or storage raised."""
    match error:
        case Refused():
            return _refused(error)
        case Unavailable():
            return _unavailable(error.reason, error.retry_after_s)
        case KeyReused():
            return ApiError(409, "idempotency_key_reused", str(error))
        case AlreadyMetered():
            return ApiError(409, "already_metered", str(error), hold_id=error.hold_id)
        case CostTooLarge():
            return BadField("tokens", str(error))
        case Uncorrectable():
            return ApiError(409, "uncorrectable", str(error))
        case Locked():
            return ApiError(409, "locked", str(error))
        case PastMonth():
            return BadField("month", str(error))
        case NoSuchRule():
            return ApiError(409, "no_such_rule", str(error))
        case Conflict():
            return ApiError(409, "conflict", str(error))
    return _unavailable(str(error), 1)


def _unavailable(why: str, retry_after_s: int) -> ApiError:
    return ApiError(
        503,
        "unavailable",
        f"This cannot be answered now, try again: {why}",
        headers={"Retry-After": str(max(1, retry_after_s))},
    )


def _refused(error: Refused) -> ApiError:
    headers = {"X-Purser-Refusal": error.reason, "x-should-retry": "false"}
    if error.rule is None:
        what = {
            "frozen": "all spending is frozen",
            "campaign_paused": "the campaign is paused",
            "campaign_completed": "the campaign is completed",
        }[error.reason]
        return ApiError(
            429, error.reason, f"Refused, and not recorded: {what}.", headers=headers, rule=None
        )
    resets_at = None
    if error.reason == "budget_in_flight":
        headers["x-should-retry"] = "true"
    if error.resets_at_ms is not None:
        resets_at = iso(error.resets_at_ms)
        wait_s = max(1, -(-(error.resets_at_ms - error.now_ms) // 1000))
        headers |= {
            "X-Purser-Reset": resets_at,
            "Retry-After": str(min(wait_s, RETRY_AFTER_S_MAX)),
        }
    limit = error.limit_nano or 0
    return ApiError(
        429,
        error.reason,
        f"Refused, and not recorded: the budget '{error.rule}' has a limit of {usd_text(limit)} "
        f"USD, spent {usd_text(error.posted_nano)}, in flight {usd_text(error.held_nano)}; this "
        f"is {usd_text(error.needed_nano)} more.",
        headers=headers,
        rule=error.rule,
        limit_usd=usd(limit),
        spent_usd=usd(error.posted_nano),
        held_usd=usd(error.held_nano),
        resets_at=resets_at,
    )
