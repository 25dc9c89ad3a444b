"""openai-node, unmodified, installed from npm, through Purser."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients import node_packages
from tests.clients.conftest import Stack


@pytest.fixture(scope="module")
def scripts() -> Path:
    return node_packages.install()


def run(scripts: Path, stack: Stack, call: str, agent: str = "CONTENT") -> dict[str, Any]:
    """What a user of openai-node sees of one call."""
    done = subprocess.run(
        ["node", "calls.mjs", call],
        cwd=scripts,
        env=node_packages.environment() | stack.environment(agent),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("call", ["create", "responses"])
def test_a_call_is_answered(scripts: Path, stack: Stack, call: str) -> None:
    seen = run(scripts, stack, call)
    assert seen["text"]
    assert seen["tokens"] > 0


def test_a_raw_response_tells_what_the_call_cost(scripts: Path, stack: Stack) -> None:
    seen = run(scripts, stack, "raw")
    assert float(seen["cost"]) == pytest.approx(seen["tokens"] * 0.00004)


def test_a_parsed_answer_fits_its_schema(scripts: Path, stack: Stack) -> None:
    assert isinstance(run(scripts, stack, "parse")["title"], str)


def test_a_stream_has_a_usage_chunk_only_if_asked_for(scripts: Path, stack: Stack) -> None:
    plain = run(scripts, stack, "stream")
    assert plain["text"]
    assert plain["usages"] == 0
    assert run(scripts, stack, "stream_with_usage")["usages"] == 1


def test_a_response_stream_ends_with_its_usage(scripts: Path, stack: Stack) -> None:
    seen = run(scripts, stack, "responses_stream")
    assert seen["last"] == "response.completed"
    assert seen["tokens"] > 0


@pytest.mark.parametrize("call", ["create", "stream", "responses", "responses_stream"])
def test_a_refused_call_raises_a_rate_limit_error_and_is_sent_once(
    scripts: Path, stack: Stack, call: str
) -> None:
    before = stack.requests()
    seen = run(scripts, stack, call, agent="SEO")
    assert stack.requests() == before + 1
    assert (seen["error"], seen["status"], seen["code"]) == (
        "RateLimitError",
        429,
        "insufficient_quota",
    )
    assert "no-seo-today" in seen["message"]
