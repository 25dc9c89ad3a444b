"""tRPC's wire format (10 and 11, without a transformer) in front of the procedures.

A query is a GET with `?input=<JSON>`, a mutation a POST with a JSON body; several travel as
`a,b?batch=1` with inputs by number. Field names may be camelCase, as the seed has them.
"""

import re
from typing import Any, Final
from urllib.parse import unquote

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer, dump
from api.context import Context, Services
from api.errors import ApiError, BadField, NotFound, api_error, bad_fields
from api.procedures import PROCEDURES
from budget.errors import BudgetError
from storage.errors import StorageError

PREFIX: Final = "/api/trpc/"
BATCH_MAX: Final = 50
_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


def refusal(error: ApiError, scope: Any, headers: dict[str, str] | None = None) -> Response:
    """An error in the shape of whichever side was asked."""
    told = {**error.headers, **(headers or {})}
    if not scope["path"].startswith(PREFIX):
        return answer(error.body(), error.status, told)
    # An error for each name is many times the path: nobody is to be answered more than they ask.
    names = _names(scope["path"])[:BATCH_MAX]
    if b"batch=1" in scope["query_string"]:
        return _answers([error.trpc(name) for name in names], error.status, told)
    return answer(error.trpc(",".join(names)), error.status, told)


async def serve(request: Request, services: Services) -> Response:
    """Answer one tRPC request, a batch or a single call."""
    names = _names(request.url.path)
    batch = request.query_params.get("batch") == "1"
    if batch and len(names) > BATCH_MAX:
        too_many = ApiError(413, "too_large", f"A batch has at most {BATCH_MAX} calls.")
        return refusal(too_many, request.scope)
    try:
        given = await _given(request)
    except ApiError as error:
        return refusal(error, request.scope)
    if not batch:
        name = ",".join(names)
        body, status = await _call(request, services, name, given, "")
        return answer(body, status)
    found = []
    for number, name in enumerate(names):
        one = given.get(str(number)) if isinstance(given, dict) else None
        found.append(await _call(request, services, name, one, f":{number}" if number else ""))
    statuses = {status for _, status in found}
    return _answers([body for body, _ in found], statuses.pop() if len(statuses) == 1 else 207)


async def _call(
    request: Request, services: Services, name: str, given: Any, nth: str
) -> tuple[dict[str, Any], int]:
    """One call's part of the answer, and its status."""
    try:
        return {"result": {"data": await _run(request, services, name, given, nth)}}, 200
    except ApiError as error:
        return error.trpc(name), error.status
    except (BudgetError, StorageError) as error:
        told = api_error(error)
        return told.trpc(name), told.status


async def _run(request: Request, services: Services, name: str, given: Any, nth: str) -> Any:
    procedure = PROCEDURES.get(name)
    if procedure is None:
        raise NotFound(f"there is no procedure {name}; there are {', '.join(PROCEDURES)}")
    if procedure.changes != (request.method == "POST"):
        method = "POST: it is a mutation" if procedure.changes else "GET: it is a query"
        raise ApiError(405, "wrong_method", f"{name} takes a {method}.")
    if not isinstance(given, dict | None):
        raise BadField("input", "a JSON object")
    spelt = {_HUMP.sub(r"_\1", key).lower(): key for key in given or {}}
    try:
        taken = procedure.takes.model_validate(
            {field: (given or {})[key] for field, key in spelt.items()}
        )
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_context=False, include_input=False)
        raise bad_fields([_as_spelt(dict(error), spelt) for error in errors]) from None
    key = request.scope["idempotency_key"]
    return await procedure.run(
        Context(services, request.scope["actor"], None if key is None else key + nth), taken
    )


def _as_spelt(error: dict[str, Any], spelt: dict[str, str]) -> dict[str, Any]:
    first, *more = error["loc"] or ("input",)
    snake = _HUMP.sub(r"_\1", str(first)).lower()
    return error | {"loc": (spelt.get(snake, str(first)), *more)}


async def _given(request: Request) -> Any:
    raw: str | bytes | None = request.query_params.get("input")
    if request.method == "POST":
        raw = await request.body()
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadField("input", f"it is no JSON ({error})") from None


def _names(path: str) -> list[str]:
    return unquote(path.removeprefix(PREFIX)).split(",")


def _answers(bodies: list[dict[str, Any]], status: int, headers: Any = None) -> Response:
    told = {"Cache-Control": "no-store", **(headers or {})}
    content = b"[" + b",".join(map(dump, bodies)) + b"]"
    return Response(content, status, told, media_type="application/json")
