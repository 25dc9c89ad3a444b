"""The private Valkey: one server a folder, found again, started anew, nothing confirmed lost."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from storage import embedded
from storage.embedded import EmbeddedValkey
from storage.errors import EmbeddedFailed
from tests.waiting import wait_for

REPOSITORY = Path(embedded.__file__).parents[1]
STARTER = """
import sys
from pathlib import Path
from storage.embedded import EmbeddedValkey
print(EmbeddedValkey.start(Path(sys.argv[1])).pid, flush=True)
"""


@pytest.fixture
def folder(tmp_path):
    """A data folder whose server, if any, is stopped at the end."""
    folder = tmp_path / "data"
    yield folder
    if (folder / "valkey" / "server.lock").exists():
        EmbeddedValkey.start(folder).stop()


def client(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def kill(server: EmbeddedValkey) -> None:
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.is_running(), "the end of a killed server")


def starter(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STARTER, str(folder)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def test_it_keeps_what_it_confirmed_and_lets_nobody_else_in(folder):
    server = EmbeddedValkey.start(folder)
    assert server.url == f"unix://{folder}/valkey/valkey.sock"
    with client(server) as connection:
        settings = connection.config_get("*")
        connection.set("a", "1")
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "always"
        assert settings["aof-load-truncated"] == "yes"
        assert settings["maxmemory-policy"] == "noeviction"
        assert settings["port"] == "0"
        assert settings["save"] == ""
    assert stat.S_IMODE((folder / "valkey").stat().st_mode) == 0o700
    for path in (folder / "valkey").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_second_start_finds_the_running_server(folder):
    server = EmbeddedValkey.start(folder)
    assert EmbeddedValkey.start(folder) == server


def test_it_outlives_the_process_that_started_it(folder):
    with starter(folder) as process:
        pid = int(process.communicate(timeout=60)[0])
    server = EmbeddedValkey.start(folder)
    assert server.pid == pid
    assert os.getsid(pid) not in {os.getsid(0), 0}


def test_after_kill_9_it_starts_anew_with_all_its_data(folder):
    first = EmbeddedValkey.start(folder)
    with client(first) as connection:
        for number in range(100):
            connection.set(f"key-{number}", number)
    kill(first)
    second = EmbeddedValkey.start(folder)
    assert second.pid != first.pid
    with client(second) as connection:
        assert connection.dbsize() == 100


def test_after_a_stop_nothing_runs_and_nothing_is_lost(folder):
    server = EmbeddedValkey.start(folder)
    with client(server) as connection:
        connection.set("a", "1")
    server.stop()
    assert not server.is_running()
    server.stop()
    with client(EmbeddedValkey.start(folder)) as connection:
        assert connection.get("a") == "1"


def test_many_starters_end_with_one_server(folder):
    processes = [starter(folder) for _ in range(4)]
    pids = set()
    for process in processes:
        with process:
            pids.add(int(process.communicate(timeout=60)[0]))
    assert len(pids) == 1
    assert EmbeddedValkey.start(folder).pid in pids


async def test_threads_that_start_at_once_end_with_one_server(folder):
    servers = await asyncio.gather(
        *(asyncio.to_thread(EmbeddedValkey.start, folder) for _ in range(8))
    )
    assert len(set(servers)) == 1


def test_a_truncated_tail_loads_without_its_last_write(folder):
    server = EmbeddedValkey.start(folder)
    with client(server) as connection:
        connection.set("whole", "1")
        connection.set("torn", "2")
    kill(server)
    (tail,) = (folder / "valkey" / "appendonlydir").glob("*.incr.aof")
    os.truncate(tail, tail.stat().st_size - 3)
    with client(EmbeddedValkey.start(folder)) as connection:
        assert connection.get("whole") == "1"
        assert connection.get("torn") is None


def test_a_start_ends_when_the_data_can_be_read(folder):
    server = EmbeddedValkey.start(folder)
    with client(server) as connection, connection.pipeline(transaction=False) as pipeline:
        connection.config_set("appendfsync", "no")
        for number in range(200_000):
            pipeline.set(f"key-{number}", number)
        pipeline.execute()
    kill(server)
    with client(EmbeddedValkey.start(folder)) as connection:
        assert connection.dbsize() == 200_000


def test_a_broken_file_is_reported_with_the_servers_last_words(folder):
    server = EmbeddedValkey.start(folder)
    with client(server) as connection:
        for number in range(10):
            connection.set(f"key-{number}", "x" * 100)
    kill(server)
    (tail,) = (folder / "valkey" / "appendonlydir").glob("*.incr.aof")
    kept = tail.read_bytes()
    tail.write_bytes(kept[:200] + kept[200:].replace(b"*3", b"??"))
    with pytest.raises(EmbeddedFailed, match="Bad file format"):
        EmbeddedValkey.start(folder)
    tail.write_bytes(kept)
    with client(EmbeddedValkey.start(folder)) as connection:
        assert connection.dbsize() == 10


def test_a_long_path_gets_a_short_private_socket(tmp_path):
    folder = tmp_path / ("long " * 12) / ("longer-é" * 10)
    server = EmbeddedValkey.start(folder)
    try:
        assert len(os.fsencode(server.socket)) <= embedded.SOCKET_PATH_BYTES_MAX
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
        with client(server) as connection:
            assert connection.config_get("dir")["dir"] == str(folder / "valkey")
        assert EmbeddedValkey.start(folder) == server
        kill(server)
        again = EmbeddedValkey.start(folder)
        assert again.socket == server.socket
    finally:
        EmbeddedValkey.start(folder).stop()
        server.socket.parent.rmdir()


def test_a_foreign_folder_in_the_place_of_the_socket_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 12) / ("longer" * 12)
    monkeypatch.setattr(embedded.tempfile, "tempdir", "/tmp")
    server = EmbeddedValkey.start(folder)
    server.stop()
    private = server.socket.parent
    private.chmod(0o755)
    try:
        with pytest.raises(EmbeddedFailed, match="not a private folder of ours"):
            EmbeddedValkey.start(folder)
    finally:
        private.rmdir()


@pytest.mark.parametrize("name", ["a folder's name", 'with "quotes"', "new\nline", "50%\\"])
def test_any_name_of_a_folder_works(tmp_path, name):
    server = EmbeddedValkey.start(tmp_path / name)
    with client(server) as connection:
        assert connection.ping()
    server.stop()


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedFailed, match="PURSER_DATA_DIR"):
        EmbeddedValkey.start(tmp_path / "file")


def test_a_stale_socket_file_does_not_keep_it_from_starting(folder):
    server = EmbeddedValkey.start(folder)
    kill(server)
    server.socket.unlink()
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(server.socket))
    assert EmbeddedValkey.start(folder).is_running()


def test_a_server_that_does_not_answer_is_named(folder, monkeypatch):
    server = EmbeddedValkey.start(folder)
    hidden = server.socket.with_suffix(".hidden")
    server.socket.rename(hidden)
    monkeypatch.setattr(embedded, "START_S_MAX", 0.05)
    with pytest.raises(EmbeddedFailed, match=r"does not answer on .*valkey\.sock"):
        EmbeddedValkey.start(folder)
    monkeypatch.undo()
    hidden.rename(server.socket)
    assert EmbeddedValkey.start(folder) == server


def test_its_log_does_not_grow_for_ever(folder, monkeypatch):
    monkeypatch.setattr(embedded, "LOG_BYTES_MAX", 10)
    EmbeddedValkey.start(folder).stop()
    EmbeddedValkey.start(folder)
    assert (folder / "valkey" / "valkey.log.1").exists()


def test_a_server_that_dies_while_it_is_looked_for_is_started_anew(
    valkey_folder: Path,
) -> None:
    """A killed server holds its lock until its last thread has ended."""
    server = EmbeddedValkey.start(valkey_folder)
    for _ in range(20):
        os.kill(server.pid, signal.SIGKILL)
        before, server = server, EmbeddedValkey.start(valkey_folder)
        assert server.pid != before.pid
        assert server.is_running()
