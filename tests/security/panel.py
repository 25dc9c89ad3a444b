"""One panel for the attacks on it: who is logged in, and what stands in its books."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import redis
from click.testing import Result
from typer.testing import CliRunner

from app.cli import cli
from tests.harness import FOREIGN, Deployment, PurserProcess

PASSWORD = "correct horse battery"
PREFIX = "/admin/budget/"
CALLBACK = f"{PREFIX}_dash-update-component"
LOGIN = f"{PREFIX}login"
CONFIG = {
    "budgets": {
        "primary": "monthly",
        "rules": [
            {"name": "monthly", "limit_usd": 1000, "window": "month"},
            {"name": "per-campaign", "each": "campaign", "limit_usd": 250, "window": "month"},
        ],
    }
}
MOVES_BY_ITSELF = ("session", "health_sample", "usage_state", "saved_view")
"""Tables that looking at the panel changes, or time does, or each user for themselves."""


@dataclass(frozen=True)
class Target:
    """A `purser serve`, and what stands behind it."""

    purser: PurserProcess

    @property
    def origin(self) -> str:
        """As browsers name it."""
        return self.purser.url

    @property
    def host(self) -> str:
        """As the Host header names it."""
        return f"127.0.0.1:{self.purser.port}"

    def client(self, **headers: str) -> httpx.Client:
        """Somebody who is not logged in, from this site's own pages."""
        return httpx.Client(
            base_url=self.origin,
            headers={"origin": self.origin, "accept": "application/json"} | headers,
            trust_env=False,
            timeout=60,
        )

    @contextmanager
    def log_in(self, name: str = "admin", password: str = PASSWORD) -> Iterator[httpx.Client]:
        """Somebody who is, with the token that their pages read."""
        with self.client() as client:
            answer = client.post(LOGIN, data={"name": name, "password": password})
            assert answer.status_code == 303, answer.text
            client.headers["X-CSRFToken"] = client.cookies["purser_csrf"]
            yield client

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        """A command of `purser`, inside this process: quick."""
        deployment = self.purser.deployment
        mine = {name: None for name in os.environ if name.startswith(FOREIGN)}

        def invoke() -> Result:
            return CliRunner().invoke(
                cli, list(arguments), env=mine | deployment.env, input=typed, catch_exceptions=False
            )

        # A command runs a loop, and a test with a browser has one already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(invoke).result()

    def raw(self, request: bytes, seconds: float = 10.0) -> bytes:
        """What is answered to bytes that no client would send."""
        with socket.create_connection(("127.0.0.1", self.purser.port), seconds) as talk:
            talk.sendall(request)
            parts = []
            while part := talk.recv(65536):
                parts.append(part)
        return b"".join(parts)

    def database(self) -> Path:
        """The file of the ledger."""
        return next(self.purser.deployment.data_dir.rglob("purser.sqlite3"))

    def books(self) -> dict[str, Any]:
        """Everything that only an admin, or a call, may change."""
        kept: dict[str, Any] = {}
        with closing(sqlite3.connect(f"file:{self.database()}?mode=ro", uri=True)) as ledger:
            names = [row[0] for row in ledger.execute("SELECT name FROM sqlite_master "
                     "WHERE type = 'table' ORDER BY name")]  # fmt: skip
            for name in names:
                if name not in MOVES_BY_ITSELF:
                    kept[name] = ledger.execute(f'SELECT * FROM "{name}"').fetchall()
        kept["audit_log"] = [row for row in kept["audit_log"] if not _is_login(row)]
        valkey = next(self.purser.deployment.data_dir.rglob("valkey.sock"))
        with closing(redis.Redis(unix_socket_path=str(valkey), decode_responses=True)) as link:
            for part in ("overrides", "blocked", "keys", "counters"):
                kept[f"redis {part}"] = link.hgetall(f"{{purser}}:{part}")
            kept["redis frozen"] = link.hget("{purser}:meta", "frozen")
            kept["redis levels"] = {key: link.hgetall(key) for key in link.keys("{purser}:c:*")}
        return kept


def _is_login(row: tuple[Any, ...]) -> bool:
    return any(str(part).startswith(("login", "logout")) for part in row)


def started(folder: Path) -> PurserProcess:
    """A `purser serve` that has yet to be started."""
    deployment = Deployment(folder, CONFIG, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
    return deployment.process("serve")


def given_viewer(target: Target) -> str:
    """Make the user `vera`, who may only look; her password."""
    added = target.run("users", "add", "vera", "--role", "viewer", "--ask", typed=f"{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    return PASSWORD
