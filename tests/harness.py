"""Real processes for tests: a sandbox upstream, Purser in any of its roles, and its commands.

    with SandboxProcess(tmp_path) as sandbox:
        deployment = Deployment(tmp_path, {"budgets": {...}}, upstream=sandbox.url)
        with deployment.start("serve") as purser:
            httpx.post(f"{purser.url}/v1/chat/completions", ...)
            assert deployment.cli("reconcile").returncode == 0

A process that is not wanted any more is ended by its own id. What it left running is known by a
mark in its environment; the embedded Valkey, which outlives every Purser and writes over its
environment, by the pid file in the deployment's own data folder.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx
import psutil
import yaml

from tests.waiting import LONG_S, wait_for

ROOT = Path(__file__).resolve().parent.parent
MARK = "PURSER_TEST_PROCESS"
"""The environment variable by which the processes of one test are known."""
PORTS = range(10_240, 32_768)
"""Below what Linux, macOS and Windows give to clients."""
_PICKED = random.SystemRandom()
START_S = 150.0
LOG_TAIL_BYTES = 8_000
FOREIGN = ("OPENAI_", "PURSER_", "MAX_MONTHLY_BUDGET")
"""Settings of whoever runs the tests: they must not change what a test sees."""
MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def free_port() -> int:
    """A loopback port that nobody listens on.

    Not one that the system would give: it gives them to clients too, and one of those may take
    it before the process that it is for has begun to listen, or while that is down.
    """
    while True:
        port = _PICKED.choice(PORTS)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def clean_environment(mark: str, measured: bool, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of its own; `measured` keeps coverage on."""
    unwanted = FOREIGN if measured else FOREIGN + MEASURING
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {MARK: mark, "PYTHONUNBUFFERED": "1", "COLUMNS": "120", **more}


class Process:
    """A command that runs until it is told to end, with everything it says kept in a file.

    `measured=False` leaves coverage out: for loads, where tracing would be most of the time.
    """

    alive: ClassVar[list["Process"]] = []
    """What runs now, so that a failing test can show the logs."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        name: str,
        env: Mapping[str, str] | None = None,
        measured: bool = True,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.mark = uuid.uuid4().hex
        self.log_path = folder / f"{name}-{self.mark[:6]}.log"
        self._env = clean_environment(self.mark, measured, env or {})
        self._child: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The id of the process that was started, running or not."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def log(self) -> str:
        """Everything the process has said, from all of its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        assert not self.running, f"{self.name} is running already"
        with self.log_path.open("ab") as log:
            self._child = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        Process.alive.append(self)
        try:
            self.wait_ready()
        except BaseException:
            self.close()
            raise

    def wait_ready(self, seconds: float = START_S) -> None:
        """Waits until it serves; a kind of process that does not serve is ready at once."""

    def wait_log(self, text: str, seconds: float = LONG_S) -> None:
        """Waits until it has said `text`."""
        self.wait_for(lambda: text in self.log, f"{text!r} in the log", seconds)

    def wait_for(self, condition: Any, what: str, seconds: float = LONG_S) -> Any:
        """What `condition` comes to while the process runs; a failure shows the log."""
        try:
            found = wait_for(lambda: condition() or not self.running, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{self.name}: {error}\n{self.log_tail()}") from None
        assert self.running, (
            f"{self.name} ended with {self.wait()} before {what}\n{self.log_tail()}"
        )
        return found

    def log_tail(self) -> str:
        """The last of what it has said."""
        return f"--- log of {self.name} ---\n{self.log[-LOG_TAIL_BYTES:]}"

    # Signals go to this process alone, never to a group.

    def kill(self) -> None:
        """SIGKILL: it gets no chance to tidy up. What it started lives on."""
        self._started().kill()
        self._started().wait(timeout=60)

    def stop(self) -> None:
        """SIGSTOP, and returns once it has stopped."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_for(
            lambda: psutil.Process(self.pid).status() == psutil.STATUS_STOPPED,
            f"{self.name} to stop",
        )

    def cont(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def terminate(self, seconds: float = LONG_S) -> int:
        """SIGTERM, and its exit status; fails with the log if it does not end in time."""
        self._started().terminate()
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} did not end within {seconds:g} s of SIGTERM\n{self.log_tail()}"
            ) from None

    def wait(self, seconds: float = LONG_S) -> int:
        """Its exit status, once it has ended by itself."""
        return self._started().wait(timeout=seconds)

    def close(self) -> None:
        """Ends it and whatever it left running."""
        if self.running:
            with contextlib.suppress(AssertionError):
                self.cont()
                self.terminate(30.0)
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._child is not None:
            self._child.wait(timeout=60)
        if self in Process.alive:
            Process.alive.remove(self)

    def processes(self) -> Iterator[psutil.Process]:
        """This process and all that came from it, found by the mark in their environment."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(MARK) == self.mark:
                    yield process

    def _started(self) -> subprocess.Popen[bytes]:
        assert self._child is not None, f"{self.name} was never started"
        return self._child


class SandboxProcess(Process):
    """The stand-in upstream on a loopback port; `url` ends before `/v1`."""

    def __init__(self, folder: Path, *, event_delay_ms: int = 0, measured: bool = True) -> None:
        self._ready_file = folder / f"sandbox-{uuid.uuid4().hex[:6]}.ready"
        self.port = free_port()
        command = [sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--ready-file", str(self._ready_file), "--event-delay-ms", str(event_delay_ms)]
        super().__init__(command, folder, name="sandbox", measured=measured)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self, seconds: float = START_S) -> None:
        """Until it has written its ready file."""
        self.wait_for(self._ready_file.exists, "its ready file", seconds)


class PurserProcess(Process):
    """One `purser` process of a deployment: serve, proxy, dashboard or janitor."""

    SERVING = ("serve", "proxy", "dashboard")

    def __init__(
        self,
        deployment: "Deployment",
        role: str,
        arguments: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        measured: bool = True,
    ) -> None:
        self.deployment = deployment
        self.role = role
        self.port = free_port()
        super().__init__(
            [*deployment.purser, role, *arguments],
            deployment.folder,
            name=role,
            env=deployment.env | {"PURSER_PORT": str(self.port)} | dict(env or {}),
            measured=measured,
        )

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def serves(self) -> bool:
        """Whether it listens: a janitor does not."""
        return self.role in self.SERVING

    def wait_ready(self, seconds: float = START_S) -> None:
        """Until `/readyz` answers 200."""
        if self.serves:
            self.wait_for(lambda: self.readyz()[0] == 200, "/readyz to answer 200", seconds)

    def close(self) -> None:
        """Ends it, and with a deployment's last process its embedded Valkey."""
        super().close()
        others = [p for p in Process.alive if getattr(p, "deployment", None) is self.deployment]
        if not others:
            self.deployment.end_engines()

    def readyz(self) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of `/readyz`; (0, {}) while nothing listens."""
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=LONG_S, trust_env=False)
            return answer.status_code, answer.json()
        except (httpx.TransportError, json.JSONDecodeError):
            return 0, {}


class Deployment:
    """A configuration file, a data folder, and what runs on them.

    `config` is YAML text or what it would decode to (amounts of money as text or int); an
    `upstream` address without `/v1` is filled in where the configuration names none.
    """

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, Any] | str | None = None,
        *,
        upstream: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.config_path = folder / "purser.yaml"
        self.purser = [sys.executable, "-m", "app.cli"]
        self.env = {
            "PURSER_CONFIG": str(self.config_path),
            "PURSER_DATA_DIR": str(self.data_dir),
            **(env or {}),
        }
        if upstream is not None:
            self.env |= {"PURSER_UPSTREAM__URL": f"{upstream}/v1", "OPENAI_API_KEY": "sk-upstream"}
        folder.mkdir(parents=True, exist_ok=True)
        self.write_config(config or {})

    def write_config(self, config: Mapping[str, Any] | str) -> None:
        """Replaces the configuration file at once, as an editor does."""
        text = config if isinstance(config, str) else yaml.safe_dump(dict(config), sort_keys=False)
        new = self.config_path.with_suffix(".new")
        new.write_text(text)
        new.replace(self.config_path)

    def process(self, role: str, *arguments: str, **options: Any) -> PurserProcess:
        """A process that has yet to be started; options as `PurserProcess` takes them."""
        return PurserProcess(self, role, arguments, **options)

    @contextlib.contextmanager
    def start(self, role: str, *arguments: str, **options: Any) -> Iterator[PurserProcess]:
        """A process that serves until the block ends."""
        with self.process(role, *arguments, **options) as process:
            yield process

    def end_engines(self) -> None:
        """Kills the embedded Valkeys of this deployment's data folder, if any run."""
        for pid_file in self.data_dir.rglob("valkey.pid"):
            with contextlib.suppress(psutil.NoSuchProcess, ValueError, FileNotFoundError):
                process = psutil.Process(int(pid_file.read_text()))
                # A pid may have been given to another process since.
                if Path(process.cwd()) == pid_file.parent.resolve():
                    process.kill()

    def cli(self, *arguments: str, seconds: float = 150.0) -> subprocess.CompletedProcess[str]:
        """Runs a `purser` command on this deployment; its status and output are the caller's."""
        return subprocess.run(
            [*self.purser, *arguments],
            cwd=ROOT,
            env=clean_environment(uuid.uuid4().hex, True, self.env),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
