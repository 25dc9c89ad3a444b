"""The demo spends on a sandbox of its own, ends as told, and its books agree."""

import os
import signal
from pathlib import Path

import orjson
import pytest

from app.demo.purser import command
from config.rates import AGENT_TYPES
from tests.harness import Deployment, Process, SandboxProcess


def demo_deployment(folder: Path) -> Deployment:
    """A real deployment's settings, with a key: the demo must not use them."""
    return Deployment(folder, env={"OPENAI_API_KEY": "sk-real", "PURSER_UPSTREAM__URL": DEAD})


DEAD = "http://127.0.0.1:9/v1"
"""Nothing listens there: whatever reached it would fail."""


def test_a_demo_ends_by_itself_and_its_ledger_has_all_agent_types(tmp_path: Path) -> None:
    deployment = demo_deployment(tmp_path)
    done = deployment.cli("demo", "--calls", "60", "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 calls" in done.stdout
    assert "Ledger and counters agree" in done.stdout
    told = done.stdout.partition("The agents were told ")[2].split()
    assert told[0] == told[5], "what agents were told is what the ledger has"

    data = deployment.data_dir
    assert [path.name for path in data.iterdir()] == ["demo"], "the real books are untouched"
    unset = {"OPENAI_API_KEY": "", "PURSER_DATA_DIR": ""}
    assert "OPENAI_API_KEY= PURSER_DATA_DIR= purser ledger list --config" in done.stdout
    listed = Deployment(tmp_path, env=unset).cli(
        "ledger", "list", "--json", "--limit", "1000", "--config", str(data / "demo/purser.yaml")
    )
    assert listed.returncode == 0, listed.stderr
    entries = [orjson.loads(line) for line in listed.stdout.splitlines()]
    assert {entry["agent"] for entry in entries} == set(AGENT_TYPES)


def test_ctrl_c_ends_a_demo_with_its_summary_and_leaves_nothing_running(tmp_path: Path) -> None:
    deployment = demo_deployment(tmp_path)
    command = [*deployment.purser, "demo", "--minutes", "5"]
    with Process(command, tmp_path, name="demo", env=deployment.env) as demo:
        demo.wait_log(" calls/s")
        refused = deployment.cli("demo", "--calls", "1")
        assert (refused.returncode, "another demo runs" in refused.stderr) == (1, True)
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait() == 0, demo.log
        assert "Ledger and counters agree" in demo.log
        assert list(demo.processes()) == []


def test_a_purser_that_pays_for_calls_is_left_alone(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as paid:
        deployment = Deployment(tmp_path, upstream=paid.url)
        with deployment.start("serve") as purser:
            done = deployment.cli("demo", "--url", purser.url, "--calls", "14")
            assert done.returncode == 1
            assert "pays for calls" in done.stderr
            assert "No entry fits" in deployment.cli("ledger", "list").stdout


def test_a_purser_on_the_sandbox_that_runs_already_is_used(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    with deployment.start("serve") as purser:
        done = deployment.cli("demo", "--url", f"{purser.url}/v1", "--calls", "14")
        assert done.returncode == 0, done.stderr
        assert "14 calls, 0 refused" in done.stdout


@pytest.mark.parametrize(
    ("url", "status", "why"),
    [
        ("ftp://x", 2, "write an address"),
        (DEAD, 1, "does not answer"),
    ],
)
def test_an_address_without_a_purser_is_told(
    tmp_path: Path, url: str, status: int, why: str
) -> None:
    done = Deployment(tmp_path).cli("demo", "--url", url, "--calls", "1")
    assert (done.returncode, why in done.stderr) == (status, True), done.stderr


def test_what_to_type_names_a_purser_that_is_not_on_the_path_by_its_place(monkeypatch, tmp_path):
    mine = tmp_path / "bin dir" / "purser"
    mine.parent.mkdir()
    mine.touch(mode=0o755)
    monkeypatch.setattr("sys.argv", [str(mine)])
    monkeypatch.setenv("PATH", "/nowhere")
    empty = "OPENAI_API_KEY= PURSER_DATA_DIR= "
    assert command("serve") == f"{empty}'{mine}' serve"
    monkeypatch.setenv("PATH", str(mine.parent))
    assert command("serve", "--config", "a b") == f"{empty}purser serve --config 'a b'"
