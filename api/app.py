"""The billing API as one ASGI application: gate, REST, tRPC, and one shape of errors."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import trpc
from api.context import Services
from api.errors import ApiError, BadField, api_error, bad_fields
from api.gate import OPENAPI_PATH, Gate
from api.routes import router
from budget.errors import BudgetError
from storage.errors import StorageError

PREFIXES: Final = ("/api/billing", "/api/trpc")
TITLE: Final = "Purser billing API"


def create_api(services: Services) -> Gate:
    """The ASGI application for everything below `PREFIXES`."""
    app = FastAPI(
        title=TITLE,
        version="1",
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.include_router(router)

    async def serve_trpc(request: Request) -> Response:
        return await trpc.serve(request, services)

    app.add_route(trpc.PREFIX + "{names:path}", serve_trpc, ["GET", "POST"])
    for kind in (ApiError, BudgetError, StorageError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _told)
    app.add_exception_handler(Exception, _failed)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return Gate(app, services.keys)


async def _told(request: Request, error: Exception) -> Response:
    """What is known to go wrong."""
    match error:
        case ApiError():
            found = error
        case BudgetError() | StorageError():
            found = api_error(error)
        case RequestValidationError():
            found = bad_fields(error.errors(), without=1)
        case HTTPException(status_code=405):
            found = ApiError(
                405, "wrong_method", f"Not allowed here: {request.method}.", headers=error.headers
            )
        case HTTPException(status_code=404):
            found = ApiError(404, "not_found", f"There is nothing at this path; see {OPENAPI_PATH}")
        case HTTPException():
            found = BadField("body", str(error.detail))
        case _:
            raise error
    return trpc.refusal(found, request.scope)


async def _failed(request: Request, _error: Exception) -> Response:
    """The last resort; the server logs why."""
    told = ApiError(500, "internal_error", "Purser failed on this request; its log says why.")
    return trpc.refusal(told, request.scope)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=TITLE,
            version="1",
            routes=app.routes,
            description="Costs, budgets and campaigns of this Purser. Amounts are dollars.",
        )
        document.setdefault("components", {})["securitySchemes"] = {
            "admin": {"type": "http", "scheme": "bearer", "description": "An admin token."}
        }
        document["security"] = [{"admin": []}]
        app.openapi_schema = document
    return app.openapi_schema
