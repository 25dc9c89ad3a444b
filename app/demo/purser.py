"""The Purser of a demo: a process of its own, with a file and a data folder of its own."""

import asyncio
import fcntl
import os
import random
import shlex
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import yaml

from app.demo.workload import BUDGETS
from app.engines import SANDBOX_FOLDER
from app.serving import CannotListen, bind
from config.settings import environment_without_settings
from storage.database import EMBEDDED_FILE
from storage.errors import StorageError

FOLDER: Final = "demo"
PORT: Final = 8080
START_S_MAX: Final = 60.0
STOP_S_MAX: Final = 40.0
LOG_LINES_SHOWN: Final = 12
MARK: Final = "# Written anew by each `purser demo`.\n"
"""Begins the file of a demo's folder: what has it is a demo's, and nothing else is."""


class DemoFailed(StorageError):
    """The demo's own Purser did not come up, or another demo uses its folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep a second demo out of the same folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoFailed(
                f"another demo runs in {folder}: end it, or name another folder by PURSER_DATA_DIR"
            ) from error
        yield


def check_is_demos(folder: Path) -> None:
    """Raise `DemoFailed` unless `folder` is a demo's own, or new."""
    config = folder / "purser.yaml"
    data = folder / SANDBOX_FOLDER
    others = {path.name for path in folder.iterdir()} - {"demo.lock"} if folder.exists() else set()
    marked = config.is_file() and config.read_text(errors="replace").startswith(MARK)
    if folder.is_symlink() or data.is_symlink() or (data / EMBEDDED_FILE).is_symlink():
        raise DemoFailed(f"{folder} leads elsewhere by a link: a demo's folder has none")
    if others and not marked:
        raise DemoFailed(
            f"{folder} is not marked as a demo's: its purser.yaml does not begin with "
            f"{MARK.strip()!r}. Nothing was touched; name another folder by PURSER_DATA_DIR"
        )


def command(*arguments: str) -> str:
    """What to type here to run Purser on a demo's books: by its place where it is not on PATH."""
    called, found = Path(sys.argv[0]), shutil.which("purser")
    known = called.name != "purser" or (found is not None and called.samefile(found))
    # Empty variables are not set: a real key or data folder must not lead elsewhere.
    said = shlex.join(["purser" if known else str(called), *arguments])
    return f"OPENAI_API_KEY= PURSER_DATA_DIR= {said}"


def free_port() -> int:
    """8080, or a free one where something listens there."""
    # The others are such as no system gives to clients: it is a while until somebody listens.
    for port in (PORT, *random.sample(range(10_240, 32_768), 20)):
        try:
            with bind("127.0.0.1", port) as listener:
                return int(listener.getsockname()[1])
        except CannotListen:
            continue
    raise DemoFailed("no port is free on 127.0.0.1")


def write_config(folder: Path, port: int) -> Path:
    """The demo's configuration, written anew."""
    path = folder / "purser.yaml"
    settings = {
        "server": {"host": "127.0.0.1", "port": port},
        "storage": {"data_dir": str(folder)},
        "log": {"level": "warning", "format": "text"},
        "budgets": dict(BUDGETS),
    }
    path.write_text(MARK + yaml.safe_dump(settings, sort_keys=False))
    return path


class DemoPurser:
    """A `purser serve` that is running. Its log is a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.returncode is not None

    def last_words(self) -> str:
        """The end of its log."""
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n  ".join(lines[-LOG_LINES_SHOWN:])

    async def stop(self) -> None:
        """End it as an operator would; by force where it does not."""
        if self.ended:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def demo_purser(config: Path) -> AsyncIterator[DemoPurser]:
    """Run `purser serve` on `config` until the block ends."""
    log = config.with_name("purser.log")
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # A session of its own: Ctrl-C ends the agents first, then this tells it to end.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "app.cli", "serve", "--config", str(config)),
            env=environment_without_settings(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            start_new_session=True,
        )
    finally:
        os.close(handle)
    purser = DemoPurser(process, log)
    try:
        yield purser
    finally:
        await purser.stop()
