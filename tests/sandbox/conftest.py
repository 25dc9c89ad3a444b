"""One sandbox process for all these tests, with an account emptied before each."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.waiting import wait_for

START_S = 150.0
ROOT = Path(__file__).resolve().parents[2]


class SandboxUnderTest:
    """A running sandbox: its address, its account, and what a test may order."""

    def __init__(self, url: str, pid: int = 0) -> None:
        self.url = url
        self.pid = pid
        self.http = httpx.Client(base_url=url, headers={"Authorization": "Bearer test"}, timeout=60)

    def account(self) -> dict[str, Any]:
        return self.http.get("/sandbox/account").json()

    def calls(self, **query: Any) -> list[dict[str, Any]]:
        return self.http.get("/sandbox/calls", params=query).json()["calls"]

    def only_call(self) -> dict[str, Any]:
        (call,) = self.calls()
        return call

    def order(self, *faults: Any) -> None:
        self.http.post("/sandbox/faults", json={"faults": list(faults)}).raise_for_status()

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers=headers)

    def chat(self, content: str = "hello", **more: Any) -> dict[str, Any]:
        return {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": content}],
            **more,
        }


def start(*arguments: str, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A sandbox process and its address, once it listens."""
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--ready-file", str(ready), *arguments]
    process = subprocess.Popen(command, cwd=ROOT)
    wait_for(ready.exists, "its ready file", START_S)
    told = json.loads(ready.read_text())
    assert told["pid"] == process.pid
    return process, told["url"]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxUnderTest]:
    process, url = start(
        "--event-delay-ms", "0", "--late-ms", "300", folder=tmp_path_factory.mktemp("sandbox")
    )
    found = SandboxUnderTest(url, process.pid)
    try:
        yield found
    finally:
        found.http.close()
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture
def sandbox(running: SandboxUnderTest) -> SandboxUnderTest:
    running.http.delete("/sandbox/calls").raise_for_status()
    running.http.delete("/sandbox/faults").raise_for_status()
    return running


@pytest.fixture
def client(sandbox: SandboxUnderTest) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=0) as client:
        yield client
