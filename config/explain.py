"""Turns what pydantic says of a value into a problem that somebody can mend."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.origins import DEFAULT, Origin, Problem, Steps, dotted
from config.suggest import nearest
from config.values import redacted_url
from config.yaml_text import Tree

_ALLOWED: Final[Mapping[str, str]] = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "one text",
    "model_type": "a mapping of settings",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "path_type": "a path",
    "missing": "a value: this one has no default",
}
_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_SECRET: Final = ("upstream.api_key", "auth.admin_password")


def explain(errors: Iterable[ErrorDetails], tree: Tree, root: type[BaseModel]) -> list[Problem]:
    """One problem an error, with the line or the variable that the value came from."""
    names = rule_names(tree.values)
    return [_explain_one(error, tree, root, names) for error in errors]


def rule_names(values: Mapping[str, Any]) -> dict[Steps, str]:
    """What to call a rule in place of its number."""
    budgets = values.get("budgets")
    rules = budgets.get("rules") if isinstance(budgets, Mapping) else None
    return {
        ("budgets", "rules", index): rule["name"]
        for index, rule in enumerate(rules if isinstance(rules, list) else ())
        if isinstance(rule, Mapping) and isinstance(rule.get("name"), str)
    }


def origin_of(path: Steps, origins: Mapping[Steps, Origin]) -> Origin:
    """Where a value comes from, or the nearest thing around it that was written."""
    for length in range(len(path), 0, -1):
        if path[:length] in origins:
            return origins[path[:length]]
    return DEFAULT


def _explain_one(
    error: ErrorDetails, tree: Tree, root: type[BaseModel], names: dict[Steps, str]
) -> Problem:
    path = tuple(step for step in error["loc"] if step != "[key]")
    place = dotted(path, names)
    found = _found(_value(tree.values, path), place)
    if error["type"] == "extra_forbidden":
        fields = _fields(root, path[:-1])
        near = nearest(str(path[-1]), fields)
        return Problem(
            origin_of(path, tree.origins), place, "an unknown setting", ", ".join(fields) + near
        )
    if error["type"] == "missing":
        found = "nothing"
    return Problem(origin_of(path, tree.origins), place, found, _allowed(error, found))


def _allowed(error: ErrorDetails, found: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        expected = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return expected + nearest(found.strip('"'), expected.split(", "))
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"{words} {context[bound]}"
    if kind in {"too_long", "too_short"}:
        return f"{context.get('max_length', context.get('min_length'))} values"
    if kind == "string_pattern_mismatch":
        return f"text of the form {context['pattern']}"
    if kind == "string_too_short":
        return "a text that is not empty"
    return _ALLOWED.get(kind, error["msg"])


def _value(values: Any, path: Steps) -> Any:
    for step in path:
        if isinstance(values, Mapping):
            values = values.get(step)
        elif isinstance(values, list) and isinstance(step, int) and step < len(values):
            values = values[step]
        elif isinstance(values, str) and step == 0:
            return values  # one value that stands for a list of one
        else:
            return None
    return values


def _found(value: Any, place: str) -> str:
    if place in _SECRET:
        return "a secret (not shown)"
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case _:
            text = str(value)
            text = redacted_url(text) if place.endswith("url") else text
            return f'"{text[:80]}…"' if len(text) > 80 else f'"{text}"'


def _fields(model: Any, path: Steps) -> list[str]:
    """The settings that a section has, following lists and mappings to what they hold."""
    for step in path:
        field = getattr(model, "model_fields", {}).get(step)
        if field is not None:
            model = _inner_model(field.annotation)
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_inner_model(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
