"""YAML whose scalars stay the text that was written, with the line of every value.

Money must be read from its text: YAML's own floats have lost digits before anyone looks. So
`limit_usd: 0.10` arrives as "0.10", and pydantic or our own types make of it what a setting needs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from config.bounds import CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX, CONFIG_NODES_MAX
from config.origins import ConfigError, Origin, Problem, Steps, dotted

_WRITTEN: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*(?::-[^}\n]*)?)\}")
_VARIABLE: Final = re.compile("\ue000([A-Za-z0-9_]+)(?::-([^\ue001]*))?\ue001")
"""`${NAME}` while YAML is read: in `{key: ${NAME}}` its braces would be YAML's. Filled in
afterwards, so that no value of a variable is ever read as YAML."""
_TAG: Final = "tag:yaml.org,2002:"
_TAGS: Final = frozenset(
    _TAG + kind for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)


@dataclass
class Tree:
    """Values as dicts, lists and texts; where each stands; what was wrong on the way."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Steps, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def same_key(values: Mapping[str, Any], key: str) -> str | None:
    """The key that is there and equal to `key` in any case: variables are upper case, files not."""
    if key in values:
        return key
    return next((known for known in values if known.casefold() == key.casefold()), None)


def read_yaml(raw: bytes, file: str, environ: Mapping[str, str]) -> Tree:
    """Read one document, filling `${NAME}` and `${NAME:-default}` from `environ`.

    Raises `ConfigError` where there is no tree at all; smaller problems stand in the result.
    """
    if len(raw) > CONFIG_BYTES_MAX:
        raise ConfigError(
            [Problem(Origin(file), "", f"{len(raw):,} bytes", f"at most {CONFIG_BYTES_MAX:,}")]
        )
    try:
        text = _WRITTEN.sub("\ue000\\1\ue001", raw.decode())
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise ConfigError([Problem(Origin(file, line), "", "bytes", "UTF-8 text")]) from None
    except RecursionError:
        raise ConfigError([Problem(Origin(file), "", "deep nesting", "settings")]) from None
    except yaml.YAMLError as problem:
        raise ConfigError([_syntax(problem, raw, file)]) from None
    reader = _Reader(file, environ)
    if root is None:
        return reader.tree
    values = reader.read(root, (), 0)
    if isinstance(values, dict):
        reader.tree.values = values
    elif values is not None:
        reader.say(root, (), "something else", "a mapping of sections to settings")
    return reader.tree


def _syntax(problem: yaml.YAMLError, raw: bytes, file: str) -> Problem:
    mark = getattr(problem, "problem_mark", None)
    if mark is None:
        # A character that YAML does not allow: the reader knows its position alone.
        position = getattr(problem, "position", 0)
        line = raw.decode()[:position].count("\n") + 1
        return Problem(Origin(file, line), "", "a control character", "YAML")
    what = getattr(problem, "problem", None) or "a mistake"
    return Problem(Origin(file, mark.line + 1), "", f"broken YAML ({what})", "YAML")


class _Reader:
    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        self.tree = Tree()
        self._file = file
        self._environ = environ
        self._nodes_left = CONFIG_NODES_MAX

    def say(self, node: yaml.Node, path: Steps, found: str, allowed: str) -> None:
        origin = Origin(self._file, node.start_mark.line + 1)
        self.tree.problems.append(Problem(origin, dotted(path), found, allowed))

    def read(self, node: yaml.Node, path: Steps, depth: int) -> Any:
        """The value of a node; None where it is null, empty or unusable."""
        self._nodes_left -= 1
        if self._nodes_left < 0 or depth > CONFIG_DEPTH_MAX:
            # An alias may stand in its own anchor: neither bound depends on the file's size.
            self.say(node, path[:3], "values without end", "settings nested a few levels deep")
            raise ConfigError(self.tree.problems)
        if node.tag not in _TAGS:
            self.say(node, path, f"the tag {node.tag}", "values without tags")
            return None
        self.tree.origins[path] = Origin(self._file, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            items = [self.read(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
            return ["" if item is None else item for item in items]
        if not isinstance(node, yaml.ScalarNode) or node.tag == _TAG + "null":
            return None
        return self._filled(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Steps, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.say(key, path, "a list or mapping as a key", "a name")
                continue
            name = key.value
            if name in seen:
                found = f"this a second time, after line {seen[name]}"
                self.say(key, (*path, name), found, "it once")
                continue
            seen[name] = line
            place = (*path, name)
            read = self.read(value, place, depth + 1)
            if read is not None:
                values[name] = read
            if place in self.tree.origins:
                # The line of the key, not of a block's first value.
                variable = self.tree.origins[place].variable
                self.tree.origins[place] = Origin(self._file, line, variable)
        return values

    def _filled(self, node: yaml.ScalarNode, path: Steps) -> str | None:
        text: str = node.value
        names = [m[1] for m in _VARIABLE.finditer(text)]
        if not names:
            return text
        origin = Origin(self._file, node.start_mark.line + 1, names[0])
        self.tree.origins[path] = origin
        missing = [m[1] for m in _VARIABLE.finditer(text) if m[2] is None and not self._has(m[1])]
        if missing and _VARIABLE.fullmatch(text):
            return None
        if missing:
            self.say(node, path, f"${{{missing[0]}}}, which is not set", "a variable that is set")
            return None
        filled = _VARIABLE.sub(lambda m: self._environ.get(m[1], "") or m[2] or "", text)
        return filled or None

    def _has(self, name: str) -> bool:
        return bool(self._environ.get(name))
