"""The official SDKs with a Purser key as their `OPENAI_API_KEY`, where nothing is open."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.clients import node_packages
from tests.clients.conftest import CONFIG, MODEL
from tests.harness import Deployment, PurserProcess, SandboxProcess

MESSAGES = [{"role": "user", "content": "Three titles for a spring sale."}]
CLOSED = f"auth: {{proxy: keys}}\nidentity: {{aliases: [x-litellm-tags, baggage]}}\n{CONFIG}"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PurserProcess]:
    folder = tmp_path_factory.mktemp("closed")
    with (
        SandboxProcess(folder) as sandbox,
        Deployment(folder, CLOSED, upstream=sandbox.url).start("serve") as purser,
    ):
        yield purser


def key(closed: PurserProcess, name: str, *options: str) -> str:
    made = closed.deployment.cli("keys", "create", name, "--json", *options)
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["secret"])


def newest(closed: PurserProcess) -> dict[str, Any]:
    """The ledger's last entry."""
    listed = closed.deployment.cli("ledger", "list", "--limit", "1", "--json")
    found: dict[str, Any] = json.loads(listed.stdout)
    return found


def of(closed: PurserProcess, secret: str, **more: Any) -> OpenAI:
    return OpenAI(base_url=f"{closed.url}/v1", api_key=secret, **more)


def attributed(closed: PurserProcess) -> tuple[str, str, str]:
    entry = newest(closed)
    return entry["key"], entry["agent"], entry["campaign"]


def test_openai_python_calls_with_a_key_and_is_charged_to_its_pins(closed: PurserProcess) -> None:
    pins = ("--agent", "CONTENT", "--campaign", "holiday", "--model", f"{MODEL}*")
    with of(closed, key(closed, "python-bot", *pins)) as client:
        answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
        assert answer.choices[0].message.content
        assert list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
        with pytest.raises(openai.PermissionDeniedError, match=f"{MODEL}\\*"):
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        summer = client.with_options(default_headers={"X-Campaign-Id": "summer"})
        with pytest.raises(openai.PermissionDeniedError, match="X-Campaign-Id"):
            summer.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert attributed(closed) == ("python-bot", "CONTENT", "holiday")


def test_openai_python_without_a_good_key_is_not_authenticated(closed: PurserProcess) -> None:
    for secret in ("anything", "pk-purser-" + "A" * 43):
        with (
            of(closed, secret) as client,
            pytest.raises(openai.AuthenticationError) as refused,
        ):
            client.models.list()
        assert refused.value.code == "invalid_api_key"


def test_openai_node_calls_with_a_key(closed: PurserProcess) -> None:
    scripts: Path = node_packages.install()
    secret = key(closed, "node-bot", "--agent", "SUPPORT", "--campaign", "help")
    done = subprocess.run(
        ["node", "calls.mjs", "create"],
        cwd=scripts,
        env=node_packages.environment()
        | {"OPENAI_BASE_URL": f"{closed.url}/v1", "OPENAI_API_KEY": secret},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tokens"] > 0
    assert attributed(closed) == ("node-bot", "SUPPORT", "help")


def test_other_tools_headers_say_who_calls(closed: PurserProcess) -> None:
    with of(closed, key(closed, "tagged-bot")) as client:
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES,
            extra_headers={"x-litellm-tags": "prod,agent:EMAIL", "baggage": "campaign=Spring+sale"},
        )  # fmt: skip
    assert attributed(closed) == ("tagged-bot", "EMAIL", "Spring sale")
