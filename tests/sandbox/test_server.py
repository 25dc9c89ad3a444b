"""The process: it says where it listens, keeps its pace, and ends when told."""

import signal
from pathlib import Path

import httpx

from sandbox.options import EVENT_DELAY_MS
from sandbox.server import GRACE_S
from tests.sandbox.conftest import SandboxUnderTest, start


def test_it_paces_streams_unless_told_otherwise_and_ends_in_time(tmp_path: Path) -> None:
    process, url = start(folder=tmp_path)
    try:
        sandbox = SandboxUnderTest(url)
        sandbox.post(
            "/v1/chat/completions",
            sandbox.chat(stream=True),
            **{"X-Sandbox-Output-Tokens": "10"},
        )
        times = sandbox.only_call()["event_times_ms"]
        assert times[-1] - times[0] >= (len(times) - 1) * EVENT_DELAY_MS - 1
        headers = {"X-Sandbox-Fault": "stall_after=2"}
        body = sandbox.chat(stream=True)
        with sandbox.http.stream(
            "POST", "/v1/chat/completions", json=body, headers=headers
        ) as answer:
            next(answer.iter_lines())
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=GRACE_S + 5)
        sandbox.http.close()
    finally:
        process.kill()
        process.wait()
    assert not _listens(url)


def _listens(url: str) -> bool:
    try:
        httpx.get(f"{url}/sandbox/account")
    except httpx.TransportError:
        return False
    return True
