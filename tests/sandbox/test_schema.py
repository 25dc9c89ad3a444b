"""Instances: valid under every schema that structured outputs allow."""

from typing import Any

import pytest

from sandbox.errors import ApiError
from sandbox.schema import instance

TREE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#"}},
        "parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["name", "children", "parent"],
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "word"),
        ({"type": "string", "minLength": 7, "maxLength": 8}, "word wor"),
        ({"type": "string", "maxLength": 2}, "wo"),
        ({"type": "string", "format": "date"}, "2024-06-01"),
        ({"type": "string", "enum": ["red", "blue"]}, "red"),
        ({"const": 7}, 7),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5, "multipleOf": 3}, 6),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "number"}, 0.5),
        ({"type": "number", "minimum": 2}, 2),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 1),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 1}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        (
            {"allOf": [{"type": "object"}, {"required": ["a"], "properties": {"a": {"const": 1}}}]},
            {"a": 1},
        ),
        ({"$ref": "#/$defs/x~1y", "$defs": {"x/y": {"type": "integer"}}}, 1),
        ({}, "word"),
    ],
)
def test_the_smallest_instance(schema: dict[str, Any], expected: object) -> None:
    assert instance(schema) == expected


def test_a_recursive_schema_ends() -> None:
    found = instance(TREE)
    assert found["children"] == []
    depth = 0
    while found is not None:
        found, depth = found["parent"], depth + 1
    assert depth < 5


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": 5},
        {"type": "object", "required": ["a"], "properties": [1]},
        {"$ref": 5},
        {"anyOf": 5},
        {"type": "integer", "minimum": "x"},
        {"type": "integer", "minimum": 5, "multipleOf": 0},
    ],
)
def test_what_is_no_schema_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        instance(schema)
    assert caught.value.code == "invalid_json_schema"
