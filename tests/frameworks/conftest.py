"""A Purser in front of a sandbox, and the frameworks' scripts, configured by their environment."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.ledger import Ledger, Search
from storage.records import LedgerEntry
from storage.redis_link import RedisLink
from tests.clients import node_packages
from tests.clients.books import on_books
from tests.clients.conftest import CONFIG, Stack
from tests.harness import ROOT, Deployment, SandboxProcess
from tests.relay import Relay
from tests.waiting import wait_for

HERE = Path(__file__).resolve().parent
PYTHON = ROOT / os.environ.get("FRAMEWORKS_VENV", ".venv-frameworks") / "bin" / "python"
"""Of the environment that `make frameworks` makes."""
NODE = HERE / "node"
ALIASES = "[x-litellm-tags, helicone-property, x-portkey-metadata, baggage]"
SECONDS = 150


@dataclass(frozen=True)
class Ran:
    """One run of a script: what it printed, how many calls were sent, what the ledger has."""

    told: Mapping[str, Any]
    requests: int
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True)
class Frameworks:
    """Runs scripts against a deployment."""

    stack: Stack

    def run(
        self,
        script: str,
        *calls: str,
        agent: str = "CONTENT",
        more: Mapping[str, str] | None = None,
    ) -> Ran:
        """Calls of one script, with the README's lines; `more` is added to its environment."""
        campaign = self.stack.new_campaign()
        lines = self.stack.environment(agent, campaign)
        headers = dict(line.split(": ", 1) for line in lines["OPENAI_CUSTOM_HEADERS"].splitlines())
        lines |= {"HEADERS": json.dumps(headers), "CAMPAIGN": campaign}
        return self._ran(script, calls, {**lines, **(more or {})}, campaign)

    def run_alias(self, call: str, campaign: str, script: str = "headers_calls.py") -> Ran:
        """A call whose headers are another tool's, and none of ours."""
        lines = self.stack.environment(campaign=campaign)
        del lines["OPENAI_CUSTOM_HEADERS"]
        lines |= {"CAMPAIGN": campaign, "TAGS": f"campaign:{campaign},agent:EMAIL"}
        return self._ran(script, (call,), lines, campaign)

    def run_text(self, language: str, text: str, url: str, campaign: str) -> Ran:
        """A program as it stands, but for the address and the campaign in it."""
        own = self.stack.new_campaign()
        text = text.replace(url, self.stack.relay.url).replace(campaign, own)
        if language == "python":
            command = [str(PYTHON), "-c", text]
        else:
            command = ["node", "--input-type=module", "-e", text]
        requests = self._run(command, NODE, self.stack.environment(campaign=own))[1]
        return Ran({}, requests, self._entries(own, requests))

    def _ran(
        self, script: str, calls: tuple[str, ...], lines: Mapping[str, str], campaign: str
    ) -> Ran:
        folder = NODE if script.endswith(".mjs") else HERE / "scripts"
        said, requests = self._run([*self._command(script), *calls], folder, lines)
        told = json.loads(said.splitlines()[-1])
        paid = () if "error" in told else self._entries(campaign, requests)
        return Ran(told, requests, paid)

    def _run(self, command: list[str], folder: Path, lines: Mapping[str, str]) -> tuple[str, int]:
        """What a program printed, and how many calls it sent."""
        before = self.stack.requests()
        done = subprocess.run(
            command,
            cwd=folder,
            env=node_packages.environment() | dict(lines),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, self.stack.requests() - before

    @staticmethod
    def _command(script: str) -> list[str]:
        return ["node", script] if script.endswith(".mjs") else [str(PYTHON), script]

    def _entries(self, campaign: str, expected: int) -> tuple[LedgerEntry, ...]:
        """The entries of a campaign, once there are as many as calls were sent."""

        async def read(_: RedisLink, ledger: Ledger) -> list[LedgerEntry]:
            return await ledger.search(Search(campaign=campaign), 1000)

        def found() -> list[LedgerEntry]:
            entries = on_books(self.stack.purser, read)
            return entries if len(entries) >= expected else []

        return tuple(wait_for(found, f"{expected} entries of {campaign}"))


def deployment(folder: Path, more: str = "") -> Iterator[Frameworks]:
    config = f"identity: {{aliases: {ALIASES}}}\n{more}{CONFIG}"
    with (
        SandboxProcess(folder) as sandbox,
        Deployment(folder, config, upstream=sandbox.url).start("serve") as purser,
        Relay(("127.0.0.1", purser.port)) as relay,
    ):
        yield Frameworks(Stack(relay, purser, sandbox))


@pytest.fixture(scope="package")
def frameworks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frameworks]:
    yield from deployment(tmp_path_factory.mktemp("frameworks"))


@pytest.fixture(scope="package")
def payment_required(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frameworks]:
    """A deployment that refuses with 402, for clients that repeat every 429."""
    yield from deployment(tmp_path_factory.mktemp("required"), "refusal: {status: 402}\n")
