"""What a newcomer meets at the command line: help with examples, plain errors, exit statuses."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from app.cli import cli
from tests.harness import ROOT, Deployment, SandboxProcess

HEAVY = ("sqlalchemy", "redis", "pydantic", "uvicorn", "httpx", "tiktoken")


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    nested = getattr(command, "commands", {})
    if not nested:
        yield path
    for name, inner in nested.items():
        yield from commands(inner, (*path, name))


ALL = list(commands(typer.main.get_command(cli)))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"], prog_name="purser")
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    example = text.partition("Example: ")[2]
    assert f"purser {' '.join(words)}" in example
    assert "--config" in text, "every command says which configuration it reads"


def test_every_example_is_a_command_line_that_is_taken() -> None:
    """Options in examples exist: an example that does not work is worse than none."""
    for words in ALL:
        shown = " ".join(CliRunner().invoke(cli, [*words, "--help"]).output.split())
        head, _, example = shown.partition("Example: ")
        for part in example.split():
            if part.startswith("--"):
                assert part in head, f"{words}: {part}"


def test_without_arguments_it_lists_the_commands() -> None:
    result = CliRunner().invoke(cli, [])
    assert {words[0] for words in ALL} <= set(result.output.split())


@pytest.mark.parametrize("words", [("frobnicate",), ("freeze", "--reason"), ("ledger", "correct")])
def test_a_wrong_command_line_ends_with_2(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(cli, list(words)).exit_code == 2


def test_help_needs_no_database_driver() -> None:
    """Measured: 0.4 s with what is imported, 3 s with everything."""
    code = "import sys, app.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert [name for name in HEAVY if name in loaded] == []


def test_a_mistake_in_the_file_is_told_as_file_and_line(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, "server: {prt: 8080}\n")
    done = deployment.cli("serve")
    assert done.returncode == 2
    assert f"{deployment.config_path}:1: server.prt" in done.stderr
    assert "Traceback" not in done.stderr


def test_operators_find_their_way_through_a_running_purser(tmp_path: Path) -> None:
    rules = [{"name": "monthly", "limit_usd": 5, "window": "month"}]
    with SandboxProcess(tmp_path) as sandbox:
        deployment = Deployment(tmp_path, {"budgets": {"rules": rules}}, upstream=sandbox.url)
        with deployment.start("serve") as purser:
            said = call(purser.url)
            assert said.status_code == 200
            hold = said.headers["x-purser-request-id"]

            done = deployment.cli(
                "ledger", "correct", hold, "--charge-usd", "0", "--reason", "a gift"
            )
            assert (done.returncode, "charged 0.00 USD instead of" in done.stdout) == (0, True)
            assert deployment.cli("freeze", "--reason", "runaway agent").returncode == 0
            assert call(purser.url).headers["x-purser-refusal"] == "frozen"
            assert deployment.cli("reconcile").returncode == 0


def call(url: str) -> httpx.Response:
    """A call that is answered."""
    return httpx.post(
        f"{url}/v1/chat/completions",
        json={
            "model": "gpt-4o-mini",
            "max_tokens": 20,
            "messages": [{"role": "user", "content": "Hello"}],
        },
        headers={"X-Agent-Type": "CONTENT", "Authorization": "Bearer x"},
        timeout=60,
        trust_env=False,
    )
