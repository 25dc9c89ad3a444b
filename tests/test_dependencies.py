"""What is declared is used, what is used is declared, and the locks hold all of it with hashes."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.source import ROOMS, ROOT, Module, product_modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECLARED = [
    *PROJECT["project"]["dependencies"],
    *(
        name
        for extra, names in PROJECT["project"]["optional-dependencies"].items()
        if extra != "dev"
        for name in names
    ),
]
"""What an installation has, or may have by choice."""
LOCKS = ("requirements.lock", "requirements-dev.lock")
USED_BY_NAME = {
    "uvloop": "uvicorn's event loop",
    "httptools": "uvicorn's parser",
    "websockets": "uvicorn's WebSocket protocol",
    "aiosqlite": "SQLAlchemy's driver for SQLite",
    "asyncpg": "SQLAlchemy's driver for PostgreSQL",
    "plotly": "Dash's charts, and the bundle that draws them",
    "dash-ag-grid": "the panel's table of calls",
    "tzdata": "zoneinfo's data, where the system has none",
}
"""Dependencies that another library imports because we name them to it."""


def normal(name: str) -> str:
    """A distribution's name without extras and version, as indexes compare it."""
    bare = re.split(r"[\[<>=!~; ]", name, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", bare).lower()


def imported(modules: list[Module]) -> set[str]:
    """Top-level packages that are neither ours nor Python's."""
    names = {name.partition(".")[0] for module in modules for name, _line in module.imports()}
    return names - set(ROOMS) - sys.stdlib_module_names


def undeclared(modules: list[Module], declared: Iterable[str]) -> Iterator[str]:
    """Imports that no declared dependency provides."""
    known = {normal(name) for name in declared}
    providers = packages_distributions()
    for package in sorted(imported(modules)):
        if not known & {normal(name) for name in providers.get(package, [package])}:
            yield package


def unused(modules: list[Module], declared: Iterable[str]) -> Iterator[str]:
    """Declared dependencies that nothing imports."""
    providers = packages_distributions()
    used = {normal(d) for package in imported(modules) for d in providers.get(package, [])}
    for name in declared:
        if normal(name) not in used | USED_BY_NAME.keys():
            yield name


def pins(lock: str) -> dict[str, str]:
    """Each distribution of a lock with what stands about it, hashes included."""
    entries = re.split(r"\n(?=\S)", lock.strip())
    return {normal(entry.partition("==")[0]): entry for entry in entries}


def test_every_import_is_declared() -> None:
    assert list(undeclared(product_modules(), DECLARED)) == []


def test_every_dependency_is_used() -> None:
    assert list(unused(product_modules(), DECLARED)) == []


@pytest.mark.parametrize("name", [*LOCKS, "tests/frameworks/requirements.lock"])
def test_a_lock_holds_versions_and_hashes_and_nothing_else(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "#" not in text
    for entry in pins(text).values():
        lines = [line.rstrip(" \\") for line in entry.splitlines()]
        assert re.fullmatch(r"[a-z0-9-]+==[\w.!+]+( ; .+)?", lines[0]), lines[0]
        assert len(lines) > 1, f"{lines[0]} has no hash"
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line) for line in lines[1:])


def test_the_locks_hold_what_the_project_declares() -> None:
    project = PROJECT["project"]
    runtime = [*project["dependencies"], *PROJECT["dependency-groups"]["build"]]
    develop = [*runtime, *project["optional-dependencies"]["dev"]]
    for name, declared in zip(LOCKS, (runtime, develop), strict=True):
        held = pins((ROOT / name).read_text())
        assert {normal(d) for d in declared} - held.keys() == set()


def test_the_two_locks_agree() -> None:
    runtime, develop = (pins((ROOT / name).read_text()) for name in LOCKS)
    assert {name: entry for name, entry in develop.items() if name in runtime} == runtime


# The checks above are worth something only if they fail on bad examples.


def test_an_undeclared_import_is_found() -> None:
    modules = [Module("proxy.call", "import yaml\nimport os\nfrom config import rules", Path("x"))]
    assert list(undeclared(modules, ["httpx>=0.28"])) == ["yaml"]
    assert list(undeclared(modules, ["PyYAML>=6"])) == []


def test_an_unused_dependency_is_found() -> None:
    modules = [Module("proxy.call", "import yaml", Path("x"))]
    assert list(unused(modules, ["pyyaml>=6", "uvloop", "rich[extra]>=1"])) == ["rich[extra]>=1"]
