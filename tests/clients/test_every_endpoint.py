"""Both official SDKs call every endpoint of the table; the ledger has each paid call, exactly."""

import json
import re
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import openai
import pytest
from openai import OpenAI

from proxy.endpoints import ENDPOINTS, Endpoint, Kind, find
from storage.ledger import Ledger, Search
from storage.records import Flag, LedgerEntry
from storage.redis_link import RedisLink
from tests.clients import node_packages
from tests.clients.books import on_books
from tests.clients.certificate import write_certificate
from tests.clients.conftest import Stack
from tests.clients.every_call import EveryCall
from tests.invariants import problems
from tests.relay import Relay
from tests.waiting import wait_for

SDKS = ("python", "node")
CONTENT_NANO_A_TOKEN = 40_000
"""The rate card: 0.04 USD for 1,000 tokens."""
ESTIMATED = frozenset({"speech"})
"""Audio without a stream of events tells no usage: its tokens are counted from its length."""
STOPPED = frozenset({"batch.stopped", "responses.stopped"})
"""Cancelled on the way: what they used is the upstream's word alone."""
PAID = frozenset(
    {
        "chat", "chat.stream", "chat.kept", "responses", "responses.stream", "responses.next",
        "responses.compact", "responses.background", "completions", "embeddings", "images",
        "images.stream", "images.edit", "speech", "speech.stream", "transcription",
        "transcription.stream", "translation", "batch", "stores.search", "talks.answer", "videos",
        "realtime",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Driven:
    """What one SDK did: what each call told of its tokens, and which paths it asked for."""

    told: Mapping[str, int | None]
    paths: frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def node_relay(stack: Stack, certificate: Path) -> Iterator[Relay]:
    """Speaks TLS: openai-node opens realtime sessions over nothing else."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Relay(("127.0.0.1", stack.purser.port), tls=tls) as relay:
        yield relay


@pytest.fixture(scope="module")
def python_relay(stack: Stack) -> Iterator[Relay]:
    with Relay(("127.0.0.1", stack.purser.port)) as relay:
        yield relay


def python_client(stack: Stack, relay: Relay) -> OpenAI:
    """openai-python as its environment would set it up, with a relay of its own."""
    lines = stack.environment()["OPENAI_CUSTOM_HEADERS"].splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return OpenAI(base_url=f"{relay.url}/v1", api_key="anything", default_headers=headers)


def run_node(
    stack: Stack, relay: Relay, certificate: Path, *arguments: str
) -> dict[str, int | None]:
    """What `every.mjs` prints."""
    done = subprocess.run(
        ["node", "every.mjs", *arguments],
        cwd=node_packages.install(),
        env=node_packages.environment()
        | stack.environment()
        | {
            "OPENAI_BASE_URL": f"{relay.url}/v1",
            "NODE_EXTRA_CA_CERTS": str(certificate),
            "OWNER_BASE_URL": f"{stack.sandbox.url}/v1",
        },
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return cast("dict[str, int | None]", json.loads(done.stdout))


@pytest.fixture(scope="module")
def driven(
    stack: Stack, python_relay: Relay, node_relay: Relay, certificate: Path
) -> Mapping[str, Driven]:
    """Both SDKs, through all of it."""
    with (
        python_client(stack, python_relay) as client,
        OpenAI(base_url=f"{stack.sandbox.url}/v1", api_key="owner") as owner,
    ):
        told = EveryCall(client, owner).run()
    node_told = run_node(stack, node_relay, certificate)
    return {
        "python": Driven(told, frozenset(python_relay.request_lines())),
        "node": Driven(node_told, frozenset(node_relay.request_lines())),
    }


def on_ledger(stack: Stack, sdk: str) -> dict[str, list[LedgerEntry]]:
    """The entries of each call of an SDK, by its name."""

    async def read(_: RedisLink, ledger: Ledger) -> list[LedgerEntry]:
        return await ledger.search(Search(), 10_000)

    found: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in on_books(stack.purser, read):
        if (entry.execution_id or "").startswith(f"{sdk}."):
            found[str(entry.execution_id).removeprefix(f"{sdk}.")].append(entry)
    return found


def on_bill(stack: Stack, sdk: str) -> dict[str, dict[str, Any]]:
    """What the upstream billed, by the name of the call."""
    calls = httpx.get(
        f"{stack.sandbox.url}/sandbox/calls",
        params={"limit": 100_000},
        trust_env=False,
        timeout=60,
    )
    found = {}
    for call in calls.json()["calls"]:
        name = dict(call["headers"] or ()).get("x-test-call", "")
        if name.startswith(f"{sdk}.") and call["provider_nano"]:
            assert name not in found, f"{name} was billed twice"
            found[name] = call
    return {name.removeprefix(f"{sdk}."): call for name, call in found.items()}


@pytest.mark.parametrize("sdk", SDKS)
def test_each_paid_call_is_in_the_ledger_with_its_tokens_and_its_charge(
    stack: Stack, driven: Mapping[str, Driven], sdk: str
) -> None:
    told, bill = driven[sdk].told, on_bill(stack, sdk)
    assert bill.keys() - STOPPED == PAID
    wait_for(lambda: on_ledger(stack, sdk).keys() >= bill.keys(), "every call in the ledger")
    entries = on_ledger(stack, sdk)
    for name, billed in bill.items():
        tokens = sum(entry.usage.total_tokens for entry in entries[name])
        charge = sum(entry.charge_nano for entry in entries[name])
        provider = sum(entry.provider_nano for entry in entries[name])
        if name in ESTIMATED:
            assert all(Flag.ESTIMATED in entry.flags for entry in entries[name])
            assert tokens >= billed["total_tokens"]
            assert provider >= billed["provider_nano"]
        else:
            assert (name, tokens) == (name, billed["total_tokens"])
            assert (name, provider) == (name, billed["provider_nano"])
        # What has no tokens is charged at the provider's price.
        assert (name, charge) == (name, tokens * CONTENT_NANO_A_TOKEN if tokens else provider)
        assert (name, told[name]) == (name, tokens) or told[name] is None


@pytest.mark.parametrize("sdk", SDKS)
def test_nothing_else_is_charged(stack: Stack, driven: Mapping[str, Driven], sdk: str) -> None:
    paid = {
        name for name, entries in on_ledger(stack, sdk).items()
        if sum(entry.charge_nano for entry in entries)
    }  # fmt: skip
    assert paid - STOPPED == PAID
    assert driven[sdk].told.keys() >= PAID


def test_a_batch_costs_half(stack: Stack, driven: Mapping[str, Driven]) -> None:
    """Its lines are those of `chat`, at the price of a batch."""
    for sdk in SDKS:
        (entry,) = on_ledger(stack, sdk)["batch"]
        usage = entry.usage
        assert entry.tier == "batch"
        # gpt-4o-mini: 0.15 and 0.60 USD for a million tokens, half of it in a batch.
        assert entry.provider_nano == usage.input_tokens * 75 + usage.output_tokens * 300


def test_the_counters_are_the_ledger(stack: Stack, driven: Mapping[str, Driven]) -> None:
    async def wrong(link: RedisLink, ledger: Ledger) -> list[str]:
        return await problems(link, ledger, (), ours=False)

    wait_for(lambda: not on_books(stack.purser, wrong), "books that agree")


def missed(paths: Iterable[tuple[str, str]], rows: Iterable[Endpoint]) -> list[tuple[str, str]]:
    """Rows that are not refused and that none of these requests fits."""
    called = {find(method, path) for method, path in paths if path.startswith("/v1/")}
    return [
        (row.method, row.path) for row in rows if row.kind is not Kind.REFUSED and row not in called
    ]


@pytest.mark.parametrize("sdk", SDKS)
def test_every_row_that_is_not_refused_is_called(driven: Mapping[str, Driven], sdk: str) -> None:
    assert missed(driven[sdk].paths, ENDPOINTS) == []


def test_a_row_that_nobody_calls_is_found() -> None:
    new = Endpoint("GET", "/v1/dreams", Kind.FREE)
    assert missed([("GET", "/v1/models")], [find("GET", "/v1/models"), new]) == [
        ("GET", "/v1/dreams")
    ]


def refused_paths() -> list[tuple[str, str]]:
    """A path for each row that the table refuses, which no earlier row takes."""
    paths = [
        (row.method, re.sub(r"\{[^}]+\}", "one", row.path))
        for row in ENDPOINTS
        if row.kind is Kind.REFUSED
    ]
    return [(method, path) for method, path in paths if find(method, path).kind is Kind.REFUSED]


def test_a_refused_endpoint_is_a_permission_error_and_is_sent_once(
    stack: Stack, python_relay: Relay, node_relay: Relay, certificate: Path
) -> None:
    rows = refused_paths()
    assert len(rows) > 30
    with python_client(stack, python_relay) as client:
        before = len(python_relay.request_lines())
        for method, path in rows:
            work = {"GET": client.get, "POST": client.post, "DELETE": client.delete}[method]
            with pytest.raises(openai.PermissionDeniedError, match="budget"):
                work(path.removeprefix("/v1"), cast_to=object)
        assert len(python_relay.request_lines()) == before + len(rows)
    before = len(node_relay.request_lines())
    run_node(stack, node_relay, certificate, "refused", json.dumps(rows))
    assert len(node_relay.request_lines()) == before + len(rows)
