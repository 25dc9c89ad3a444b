"""A configuration on real engines, and `purser` commands run on it inside the test's process."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from app.cli import cli
from config.rules import Rule
from config.settings import environment_without_settings, load
from tests.budget.purse import Engines, Purse, open_purse

RULES = [
    {"name": "monthly", "limit_usd": "10", "window": "month"},
    {"name": "per-campaign", "each": "campaign", "limit_usd": "5", "window": "month"},
]


class Shop:
    """One deployment's configuration file; its storage is that of `engines`."""

    def __init__(self, folder: Path, engines: Engines) -> None:
        self.engines = engines
        self.config = folder / "purser.yaml"
        self.data_dir = folder / "data"
        self._settings: dict[str, Any] = {
            "storage": {
                "redis_url": engines.redis_url,
                "database_url": engines.database_url,
                "data_dir": str(self.data_dir),
            },
            "budgets": {"rules": RULES},
        }
        self.write()

    def write(self, **storage: str) -> None:
        """Write the file, with other storage settings where given."""
        self._settings["storage"] |= storage
        self.config.write_text(yaml.safe_dump(self._settings, sort_keys=False))

    @property
    def rules(self) -> tuple[Rule, ...]:
        return load(self.config, {}).rules

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Purse]:
        """A janitor and its storage, with the file's rules in force."""
        async with open_purse(self.engines, *self.rules) as purse:
            yield purse

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, typed: str | None = None
    ) -> Result:
        """Run a command with `--config` as its last option.

        On a thread of its own: a command runs a loop, and an async test has one already.
        """
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._invoke, arguments, dict(env or {}), typed).result()

    async def run_beside(self, *arguments: str) -> Result:
        """Run a command while this test's own loop goes on."""
        return await asyncio.to_thread(self._invoke, arguments, {})

    def _invoke(
        self, arguments: Sequence[str], env: Mapping[str, str], typed: str | None = None
    ) -> Result:
        line = [*arguments, "--config", str(self.config)]
        return CliRunner().invoke(cli, line, env=env, input=typed, catch_exceptions=False)


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(environment_without_settings()):
        monkeypatch.delenv(name)


@pytest.fixture
def shop(tmp_path: Path, valkey_url: str, sqlite_url: str) -> Shop:
    """A configuration on engines that are empty."""
    return Shop(tmp_path, Engines(valkey_url, sqlite_url))


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that is taken but not listened on: whoever connects is refused."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
