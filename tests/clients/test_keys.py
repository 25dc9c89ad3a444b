"""The official SDKs with a Purser key as their `OPENAI_API_KEY`, where nothing is open."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from storage.keys import By, Keys, Wanted
from storage.ledger import Ledger, Search
from storage.records import LedgerEntry
from storage.redis_link import RedisLink
from tests.clients import node_packages
from tests.clients.books import on_books
from tests.clients.conftest import CONFIG, MODEL
from tests.harness import Deployment, PurserProcess, SandboxProcess
from tests.waiting import wait_for

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


def key(closed: PurserProcess, name: str, **pins: Any) -> str:
    wanted = Wanted(name, **pins)
    made = on_books(
        closed, lambda link, ledger: Keys(link, ledger).create(wanted, By("ann", "cli"))
    )
    return made.secret


def attributed(closed: PurserProcess, name: str) -> set[tuple[str, str]]:
    """To which agent types and campaigns the calls of a key were charged, once they are there."""

    async def entries(_: RedisLink, ledger: Ledger) -> list[LedgerEntry]:
        return [entry for entry in await ledger.search(Search()) if entry.key == name]

    found = wait_for(lambda: on_books(closed, entries), f"entries of {name}")
    return {(entry.agent, entry.campaign) for entry in found if entry.charge_nano > 0}


def of(closed: PurserProcess, secret: str, **more: Any) -> OpenAI:
    return OpenAI(base_url=f"{closed.url}/v1", api_key=secret, **more)


def test_openai_python_calls_with_a_key_and_is_charged_to_its_pins(closed: PurserProcess) -> None:
    pins = {"agent": "CONTENT", "campaign": "holiday", "models": (f"{MODEL}*",)}
    with of(closed, key(closed, "python-bot", **pins)) as client:
        answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
        assert answer.choices[0].message.content
        assert list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
        with pytest.raises(openai.PermissionDeniedError, match=f"{MODEL}\\*"):
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        summer = client.with_options(default_headers={"X-Campaign-Id": "summer"})
        with pytest.raises(openai.PermissionDeniedError, match="X-Campaign-Id"):
            summer.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert attributed(closed, "python-bot") == {("CONTENT", "holiday")}


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
    secret = key(closed, "node-bot", agent="SUPPORT", campaign="help")
    done = subprocess.run(
        ["node", "calls.mjs", "create"],
        cwd=scripts,
        env=node_packages.environment()
        | {"OPENAI_BASE_URL": f"{closed.url}/v1", "OPENAI_API_KEY": secret},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tokens"] > 0
    assert attributed(closed, "node-bot") == {("SUPPORT", "help")}


def test_other_tools_headers_say_who_calls(closed: PurserProcess) -> None:
    with of(closed, key(closed, "tagged-bot")) as client:
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES,
            extra_headers={"x-litellm-tags": "prod,agent:EMAIL", "baggage": "campaign=Spring+sale"},
        )  # fmt: skip
    assert attributed(closed, "tagged-bot") == {("EMAIL", "Spring sale")}
