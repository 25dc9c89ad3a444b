"""Settings from environment variables: the long form of every setting, and a few short ones.

`PURSER_<SECTION>__<NAME>` sets one value. A list may be written with commas, a list or a mapping
also as YAML on one line (`PURSER_ENDPOINTS__ASSUME_USD='{/v1/containers: 0.03}'`). An empty
variable is not set. This module is given the environment; `config/settings.py` alone reads it.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel

from config.origins import ConfigError, Origin, Problem, Steps
from config.suggest import nearest
from config.yaml_text import Tree, read_yaml, same_key

PREFIX: Final = "PURSER_"
CONFIG_VARIABLE: Final = "PURSER_CONFIG"
LIMIT_VARIABLE: Final = "MAX_MONTHLY_BUDGET"
"""The limit of the primary rule."""
KEY_VARIABLE: Final = "OPENAI_API_KEY"
SHORT_FORMS: Final[Mapping[str, Steps]] = {
    KEY_VARIABLE: ("upstream", "api_key"),
    "PURSER_PORT": ("server", "port"),
    "PURSER_DATA_DIR": ("storage", "data_dir"),
    "PURSER_ADMIN_PASSWORD": ("auth", "admin_password"),
    "PURSER_ENV": ("environment",),
}


def long_form(path: Steps) -> str:
    """The variable that sets the value at `path`."""
    return PREFIX + "__".join(str(step).upper() for step in path)


def is_setting(variable: str) -> bool:
    """Whether Purser reads this variable by itself, not because a file names it."""
    known = {CONFIG_VARIABLE, LIMIT_VARIABLE, *SHORT_FORMS}
    return variable in known or (variable.startswith(PREFIX) and "__" in variable)


def overlay(tree: Tree, environ: Mapping[str, str], root: type[BaseModel]) -> None:
    """Lay the environment over a tree read from a file; a long form wins over a short one."""
    for variable, path in SHORT_FORMS.items():
        value = environ.get(variable, "")
        if variable == "PURSER_PORT" and "://" in value:
            # Kubernetes sets PURSER_PORT=tcp://… in every pod beside a service named purser.
            continue
        if variable == KEY_VARIABLE and _at(tree.values, path) == "client":
            # A file that says whose key goes upstream is not overruled by a key lying about.
            continue
        if value:
            _put(tree, path, value, Origin(variable=variable))
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and "__" in variable and environ[variable]:
            _overlay_long(tree, variable, environ[variable], root)


def _overlay_long(tree: Tree, variable: str, text: str, root: type[BaseModel]) -> None:
    path = tuple(step.lower() for step in variable.removeprefix(PREFIX).split("__"))
    origin = Origin(variable=variable)
    model: Any = root
    for depth, step in enumerate(path):
        fields = model.model_fields
        if step not in fields:
            known = [long_form((*path[:depth], name)) for name in fields]
            near = nearest(variable, known)
            tree.problems.append(
                Problem(origin, variable, "an unknown setting", f"{', '.join(known)}{near}")
            )
            return
        inner = _section(fields[step].annotation)
        if inner is None:
            is_container, is_inside = _is_container(fields[step].annotation), len(path) > depth + 1
            if is_container and not is_inside:
                _parse_container(tree, path, text, origin)
            elif is_container or not is_inside:
                _put(tree, path, text, origin)
            else:
                allowed = long_form(path[: depth + 1])
                tree.problems.append(Problem(origin, variable, "an unknown setting", allowed))
            return
        model = inner
    tree.problems.append(
        Problem(origin, variable, "a whole section", f"one setting, like {variable}__NAME")
    )


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a field is, if it is one."""
    is_section = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_section else None


def _is_container(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return origin is tuple or origin is Mapping or any(map(_is_container, get_args(annotation)))


def _parse_container(tree: Tree, path: Steps, text: str, origin: Origin) -> None:
    """A list or mapping as YAML on one line, else a list with commas."""
    if text.lstrip()[:1] not in {"[", "{"}:
        _put(tree, path, [part.strip() for part in text.split(",")], origin)
        return
    try:
        read = read_yaml(f"value: {text}".encode(), str(origin), {})
    except ConfigError:
        allowed = "a list or a mapping as YAML on one line"
        tree.problems.append(Problem(origin, str(origin.variable), "broken YAML", allowed))
        return
    _put(tree, path, read.values.get("value"), origin)


def _at(values: Mapping[str, Any], path: Steps) -> Any:
    found: Any = values
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _put(tree: Tree, path: Steps, value: Any, origin: Origin) -> None:
    """Set a value, forgetting what was said of anything below it."""
    place: Any = tree.values
    written: list[str | int] = []
    for step in path[:-1]:
        key = same_key(place, str(step)) or str(step)
        if not isinstance(place.get(key), dict):
            place[key] = {}
        place = place[key]
        written.append(key)
    last = same_key(place, str(path[-1])) or str(path[-1])
    place[last] = value
    whole = (*written, last)
    for known in [p for p in tree.origins if p[: len(whole)] == whole]:
        del tree.origins[known]
    tree.origins[whole] = origin
