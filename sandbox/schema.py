"""A small instance of a JSON schema: what a structured output or a tool call is filled with."""

from collections.abc import Mapping
from typing import Any

from sandbox.errors import ApiError

DEPTH_MAX = 32

_FORMATS = {
    "date-time": "2024-06-01T12:00:00Z",
    "date": "2024-06-01",
    "time": "12:00:00",
    "duration": "P1D",
    "email": "agent@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "uri": "https://example.com/",
}


def instance(schema: object) -> Any:
    """A value that is valid under `schema`, with required properties alone.

    Serves the subset that OpenAI's structured outputs allow: types, enum, const, anyOf, $ref,
    $defs, string, number and array bounds. `pattern` is not met. Raises `ApiError` 400 for what
    is no schema at all.
    """
    try:
        return _build(schema, schema if isinstance(schema, Mapping) else {}, 0)
    except (TypeError, AttributeError, KeyError, IndexError, ValueError, ArithmeticError) as error:
        raise ApiError(
            400,
            f"Invalid schema: {error}.",
            param="response_format",
            code="invalid_json_schema",
        ) from error


def _build(schema: object, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > DEPTH_MAX:
        return None
    if "$ref" in schema:
        return _build(_resolve(schema["$ref"], root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return _build(_shallowest(schema[key], depth), root, depth + 1)
    if schema.get("allOf"):
        merged: dict[str, Any] = {}
        for part in schema["allOf"]:
            merged.update(_resolve(part["$ref"], root) if "$ref" in part else part)
        return _build(merged, root, depth + 1)
    return _typed(schema, root, depth)


def _typed(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    match kind:
        case "object":
            properties = schema.get("properties", {})
            names = schema.get("required", ())
            return {name: _build(properties.get(name, {}), root, depth + 1) for name in names}
        case "array":
            item = schema.get("items", {})
            return [_build(item, root, depth + 1) for _ in range(schema.get("minItems", 0))]
        case "integer":
            return _number(schema, whole=True)
        case "number":
            return _number(schema, whole=False)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema)


def _string(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    text = "word"
    shortest = schema.get("minLength", 0)
    while len(text) < shortest:
        text += " word"
    longest = max(schema.get("maxLength", len(text)), shortest)
    return text[:longest]


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    step = schema.get("multipleOf", 1 if whole else 0.5)
    low = schema.get("minimum")
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    high = schema.get("maximum")
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    value = step
    if low is not None and value < low:
        value = -(-low // step) * step
    if high is not None and value > high:
        value = high // step * step
    return int(value) if whole else value


def _resolve(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return found


def _shallowest(options: list[Any], depth: int) -> Any:
    """The first option; deep inside (a recursive schema) the one that ends the recursion."""
    if depth > 2:
        for option in options:
            if isinstance(option, Mapping) and option.get("type") == "null":
                return option
    return options[0]
