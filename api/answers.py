"""Answers as JSON: amounts of dollars are exact numbers, never floats."""

from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

JSON = "application/json"


def dump(value: BaseModel | dict[str, Any]) -> bytes:
    """As JSON."""
    content = value.model_dump() if isinstance(value, BaseModel) else value
    return orjson.dumps(content, default=_exact)


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return orjson.Fragment(text.rstrip("0").rstrip(".") if "." in text else text)
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"{value!r} is not answered")


def answer(
    value: BaseModel | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """As a response; nothing may keep what it says of money."""
    told = {"Cache-Control": "no-store", **(headers or {})}
    return Response(dump(value), status, told, media_type=JSON)
