"""The account: every request, what it cost to the nano-dollar, and when its client left."""

import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import account as books
from sandbox.account import Account
from sandbox.usage import Units
from tests.sandbox.conftest import SandboxUnderTest
from tests.waiting import wait_for

CHAT = "/v1/chat/completions"


def test_a_call_is_reported_with_its_cost(sandbox: SandboxUnderTest) -> None:
    body = orjson.dumps(sandbox.chat())
    sandbox.http.post(
        CHAT, content=body, headers={"X-Execution-Id": "run-1", "X-Sandbox-Output-Tokens": "100"}
    )
    call = sandbox.only_call()
    # gpt-4o-mini: 0.15 and 0.60 USD per million tokens are 150 and 600 nano-dollars a token.
    assert call["provider_nano"] == 8 * 150 + 100 * 600
    assert call["total_tokens"] == 108
    assert (call["method"], call["path"], call["model"]) == ("POST", CHAT, "gpt-4o-mini")
    assert (call["state"], call["status"], call["stream"]) == ("answered", 200, False)
    assert call["body_sha256"] == sha256(body).hexdigest()
    assert call["body_bytes"] == len(body)
    assert ["x-execution-id", "run-1"] in call["headers"]


def test_no_credential_is_kept(sandbox: SandboxUnderTest) -> None:
    sandbox.post(CHAT, sandbox.chat())
    call = sandbox.only_call()
    assert call["authorization"] == sha256(b"Bearer test").hexdigest()[:16]
    assert "Bearer" not in str(call)


def test_a_stream_reports_when_each_event_was_sent(sandbox: SandboxUnderTest) -> None:
    headers = {"X-Sandbox-Output-Tokens": "5", "X-Sandbox-Event-Delay-Ms": "10"}
    text = sandbox.post(CHAT, sandbox.chat(stream=True), **headers).text
    call = sandbox.only_call()
    times = call["event_times_ms"]
    assert len(times) == call["events"] == text.count("data: ")
    assert times == sorted(times)
    assert times[-1] - times[0] >= 10 * (len(times) - 1) - 1


def test_the_sums_are_those_of_all_calls(sandbox: SandboxUnderTest) -> None:
    def one(number: int) -> int:
        body = sandbox.chat(f"hello {number}", stream=number % 2 == 0)
        headers = {"Authorization": "Bearer test"}
        return httpx.post(sandbox.url + CHAT, json=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(40))) == {200}
    calls, sums = sandbox.calls(), sandbox.account()
    assert sums["requests"] == len(calls) == 40
    assert sums["open"] == 0
    assert sums["states"]["answered"] == 40
    assert sums["provider_nano"] == sum(call["provider_nano"] for call in calls)
    assert sums["total_tokens"] == sum(call["total_tokens"] for call in calls)
    for call in calls:
        usage = call["usage"]
        assert call["provider_nano"] == usage["input_tokens"] * 150 + usage["output_tokens"] * 600


def test_a_client_that_leaves_is_noticed_at_once(sandbox: SandboxUnderTest) -> None:
    headers = {"X-Sandbox-Output-Tokens": "1000", "X-Sandbox-Event-Delay-Ms": "20"}
    with sandbox.http.stream(
        "POST", CHAT, json=sandbox.chat(stream=True), headers=headers
    ) as answer:
        lines = answer.iter_lines()
        for _ in range(8):
            next(lines)
        left_ms = time.monotonic() * 1000
    call = wait_for(lambda: sandbox.calls(state="client_gone"), "the departure")[0]
    assert call["client_gone_ms"] - left_ms < 200
    assert 3 <= call["usage"]["output_tokens"] < 50
    # The opening event brings no token, each further one brings one.
    assert call["usage"]["output_tokens"] == call["events"] - 1
    assert call["planned_usage"]["output_tokens"] == 1000
    assert call["provider_nano"] == 8 * 150 + call["usage"]["output_tokens"] * 600


def test_a_client_that_leaves_before_the_answer_pays_nothing(sandbox: SandboxUnderTest) -> None:
    slow, patience = {"X-Sandbox-Delay-Ms": "60000"}, httpx.Timeout(60, read=1.0)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.post(CHAT, json=sandbox.chat(), headers=slow, timeout=patience)
    call = wait_for(lambda: sandbox.calls(state="client_gone"), "the departure")[0]
    assert call["provider_nano"] == 0


def test_calls_can_be_filtered(sandbox: SandboxUnderTest) -> None:
    for name in ("a", "b"):
        sandbox.post(CHAT, sandbox.chat(), **{"X-Execution-Id": name})
    sandbox.post(CHAT, {})
    first, second, bad = sandbox.calls()
    assert sandbox.calls(header="X-Execution-Id: b") == [second]
    assert sandbox.calls(state="failed") == [bad]
    assert sandbox.calls(after=first["id"], limit=1) == [second]


def test_bad_questions_are_refused(sandbox: SandboxUnderTest) -> None:
    assert sandbox.http.get("/sandbox/calls?limit=many").status_code == 400
    assert sandbox.http.get("/sandbox/nothing").status_code == 404
    assert sandbox.http.put("/sandbox/calls").status_code == 405
    assert sandbox.http.post("/sandbox/faults", content=b"{").status_code == 400


def test_old_calls_lose_their_details_then_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "CALLS_MAX", 4)
    monkeypatch.setattr(books, "DETAILED_MAX", 2)
    account = Account()
    for _ in range(6):
        call = account.open("POST", CHAT, [(b"a", b"b")])
        account.close(call, books.ANSWERED, units=Units(input_tokens=1), nano=5)
    calls = account.calls()
    assert [call["id"] for call in calls] == [3, 4, 5, 6]
    assert [call["headers"] is None for call in calls] == [True, True, False, False]
    assert account.sums()["provider_nano"] == 30
    assert account.sums()["requests"] == 6


@given(st.lists(st.tuples(st.sampled_from(["open", "close", "reset"]), st.integers(0, 5))))
def test_sums_never_count_what_ended_before_or_across_a_reset(steps: list[tuple[str, int]]) -> None:
    account = Account()
    running: list[books.Call] = []
    expected = opened = 0
    fresh: set[int] = set()
    for step, amount in steps:
        if step == "open":
            running.append(account.open("POST", CHAT, []))
            fresh.add(running[-1].number)
            opened += 1
        elif step == "close" and running:
            call = running.pop(0)
            account.close(call, books.ANSWERED, nano=amount)
            account.close(call, books.FAILED, nano=1000)
            expected += amount if call.number in fresh else 0
        elif step == "reset":
            account.reset()
            fresh.clear()
            expected = opened = 0
    sums = account.sums()
    assert sums["provider_nano"] == expected
    assert sums["requests"] == opened
    assert sums["open"] == sum(call.number in fresh for call in running)
