"""Walks the settings in force, value by value."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from config.explain import origin_of, rule_names
from config.origins import DEFAULT, Origin, Steps, dotted
from config.yaml_text import Tree, same_key


def leaves(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every setting with its path; a list of plain values is one setting."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from leaves(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def named_leaves(settings: BaseModel, names: dict[Steps, str]) -> Iterator[tuple[str, Steps, Any]]:
    """Every setting with its dotted place, a rule told by its name."""
    for path, value in leaves(settings):
        yield dotted(path, names), path, value


def effective_origins(settings: BaseModel, tree: Tree) -> dict[str, Origin]:
    """Where each setting in force comes from, by its dotted place."""
    names = rule_names(tree.values)
    return {place: _origin(path, tree) for place, path, _ in named_leaves(settings, names)}


def setting_names(section: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every setting there can be: `rules[]` for each rule, `overrides.*` for each model."""
    for name, field in section.model_fields.items():
        written = field.alias or name
        place = f"{above}.{written}" if above else written
        inner, step = _held(field.annotation)
        if inner is None or (step and ".*" in place):
            yield place
        else:
            yield from setting_names(inner, place + step)


def _held(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The section that a setting is, or that its list or mapping holds, and how to write that."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    steps = {tuple: "[]", Mapping: ".*"}
    for part in get_args(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part, steps[get_origin(annotation)]
    return None, ""


def _origin(path: Steps, tree: Tree) -> Origin:
    """Its own line or variable; a field left out of a section that was written is a default."""
    value: Any = tree.values
    written: list[str | int] = []
    for step in path:
        if isinstance(value, Mapping):
            key = same_key(value, str(step))
            if key is None:
                # A line that names a variable nobody has set says more than "default".
                named = tree.origins.get((*written, step), DEFAULT)
                return named if named.variable else DEFAULT
            written.append(key)
            value = value[key]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            written.append(step)
            value = value[step]
        else:
            break
    return origin_of(tuple(written), tree.origins)
