"""Where a value comes from, and what is wrong with one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Steps = tuple[str | int, ...]
"""Keys and list positions from the root of the settings to a value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A default, a line of a file, or an environment variable; or a variable named in a file."""

    file: str | None = None
    line: int | None = None
    variable: str | None = None

    def __str__(self) -> str:
        if self.file is not None:
            place = f"{self.file}:{self.line}" if self.line is not None else self.file
            return f"{place} (${{{self.variable}}})" if self.variable else place
        return f"environment {self.variable}" if self.variable else "default"


DEFAULT: Final = Origin()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, what was found, what is allowed."""

    origin: Origin
    place: str
    found: str
    allowed: str

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.origin}: {place}found {self.found}; allowed: {self.allowed}"


class ConfigError(Exception):
    """A configuration that is not used; all its problems at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def dotted(path: Steps, names: dict[Steps, str] | None = None) -> str:
    """A path as text; a list position that has a name in `names` is told by that."""
    text = ""
    for index, step in enumerate(path):
        if isinstance(step, int):
            text += f"[{(names or {}).get(path[: index + 1], step)}]"
        else:
            text += f".{step}" if text else step
    return text
