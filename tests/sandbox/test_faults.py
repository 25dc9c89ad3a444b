"""Each fault that a test can order, as a plain HTTP client sees it and as the account bills it."""

import gzip
import json
from typing import Any

import httpx
import openai
import pytest

from sandbox.errors import ApiError
from sandbox.faults import Directives, Fault, FaultQueue, read_directives, read_fault
from tests.sandbox.conftest import SandboxUnderTest
from tests.waiting import wait_for

CHAT = "/v1/chat/completions"
TEN = "10"


def ask(sandbox: SandboxUnderTest, fault: str, *, stream: bool = False) -> httpx.Response:
    headers = {"X-Sandbox-Fault": fault, "X-Sandbox-Output-Tokens": TEN}
    return sandbox.post(CHAT, sandbox.chat(stream=stream), **headers)


def ended(sandbox: SandboxUnderTest) -> dict[str, Any]:
    return wait_for(
        lambda: next((c for c in sandbox.calls() if c["state"] != "open"), None),
        "the end of a call",
    )


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_a_status(sandbox: SandboxUnderTest, status: int) -> None:
    answer = ask(sandbox, f"status={status}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert (ended(sandbox)["state"], ended(sandbox)["provider_nano"]) == ("failed", 0)


def test_a_rate_limit_is_retried_by_the_sdk(sandbox: SandboxUnderTest) -> None:
    sandbox.order("status=429", None)
    with openai.OpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=1) as client:
        assert client.chat.completions.create(**sandbox.chat()).id
    assert [call["status"] for call in sandbox.calls()] == [429, 200]


@pytest.mark.parametrize("stream", [False, True])
def test_reset_closes_before_answering(sandbox: SandboxUnderTest, stream: bool) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        ask(sandbox, "reset", stream=stream)
    call = ended(sandbox)
    assert (call["state"], call["status"], call["provider_nano"]) == ("failed", None, 0)


@pytest.mark.parametrize("fault", ["cut=3", "truncate"])
def test_a_stream_is_cut_in_the_middle(sandbox: SandboxUnderTest, fault: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(sandbox, fault, stream=True)
    call = ended(sandbox)
    events = 3 if fault == "cut=3" else 1
    assert (call["state"], call["events"]) == ("cut", events)
    # The first event opens the message; each further one brings a token.
    assert call["usage"]["output_tokens"] == events - 1
    assert call["planned_usage"]["output_tokens"] == 10
    assert call["provider_nano"] == 8 * 150 + (events - 1) * 600


def test_a_stream_can_end_early_but_cleanly(sandbox: SandboxUnderTest) -> None:
    answer = ask(sandbox, "end=3", stream=True)
    assert answer.text.count("data: ") == 3
    assert "[DONE]" not in answer.text
    assert ended(sandbox)["state"] == "cut"


def test_truncate_promises_more_than_it_sends(sandbox: SandboxUnderTest) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(sandbox, "truncate")
    call = ended(sandbox)
    assert (call["state"], call["usage"]["output_tokens"]) == ("cut", 10)


@pytest.mark.parametrize("fault", ["stall", "stall_after=3"])
def test_a_stall_lasts_until_the_client_leaves(sandbox: SandboxUnderTest, fault: str) -> None:
    headers = {"X-Sandbox-Fault": fault}
    patience = httpx.Timeout(60, read=1.0)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.post(CHAT, json=sandbox.chat(stream=True), headers=headers, timeout=patience)
    call = ended(sandbox)
    assert call["state"] == "client_gone"
    assert call["events"] == (0 if fault == "stall" else 3)


@pytest.mark.parametrize("fault", ["rubbish", "not_json_200"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_success_that_nobody_can_read(
    sandbox: SandboxUnderTest, fault: str, stream: bool
) -> None:
    answer = ask(sandbox, fault, stream=stream)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        json.loads(answer.content)
    assert b"data:" not in answer.content
    assert ended(sandbox)["usage"]["output_tokens"] == 10


def test_no_usage(sandbox: SandboxUnderTest) -> None:
    assert "usage" not in ask(sandbox, "no_usage").json()
    body = sandbox.chat(stream=True, stream_options={"include_usage": True})
    text = sandbox.post(CHAT, body, **{"X-Sandbox-Fault": "no_usage"}).text
    assert "prompt_tokens" not in text
    assert text.endswith("data: [DONE]\n\n")
    assert all(call["provider_nano"] > 0 for call in sandbox.calls())


def test_bad_usage(sandbox: SandboxUnderTest) -> None:
    usage = ask(sandbox, "bad_usage").json()["usage"]
    assert usage["prompt_tokens"] == "many"
    assert usage["completion_tokens"] == -5


@pytest.mark.parametrize("stream", [False, True])
def test_gzip_against_the_clients_wish(sandbox: SandboxUnderTest, stream: bool) -> None:
    headers = {
        "X-Sandbox-Fault": "gzip",
        "Accept-Encoding": "identity",
        "Authorization": "Bearer test",
    }
    body = sandbox.chat(stream=stream)
    with httpx.stream("POST", sandbox.url + CHAT, json=body, headers=headers) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert b"chat.completion" in gzip.decompress(raw)


@pytest.mark.parametrize("stream", [False, True])
def test_headers_that_a_proxy_must_not_pass_on(sandbox: SandboxUnderTest, stream: bool) -> None:
    answer = ask(sandbox, "cookie", stream=stream)
    assert {"set-cookie", "strict-transport-security", "alt-svc"} <= answer.headers.keys()


def test_a_redirect(sandbox: SandboxUnderTest) -> None:
    answer = ask(sandbox, "redirect")
    assert answer.status_code == 307
    assert answer.headers["location"].startswith("/elsewhere/")


def test_a_delay_before_the_headers(sandbox: SandboxUnderTest) -> None:
    sandbox.post(CHAT, sandbox.chat(), **{"X-Sandbox-Delay-Ms": "80"})
    call = sandbox.only_call()
    assert call["ended_ms"] - call["received_ms"] >= 80


@pytest.mark.parametrize(
    "header",
    [
        {"X-Sandbox-Fault": "explode"},
        {"X-Sandbox-Fault": "cut"},
        {"X-Sandbox-Fault": "status=200"},
        {"X-Sandbox-Output-Tokens": "-1"},
        {"X-Sandbox-Output-Tokens": "1.5"},
        {"X-Sandbox-Delay-Ms": "nan"},
    ],
)
def test_an_order_that_cannot_be_kept_is_refused(
    sandbox: SandboxUnderTest, header: dict[str, str]
) -> None:
    answer = sandbox.post(CHAT, sandbox.chat(), **header)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "sandbox_fault"


def test_a_list_of_faults_is_consumed_in_order() -> None:
    queue = FaultQueue()
    queue.put({"faults": ["cut=3", None, {"output_tokens": 7, "fault": "gzip"}]})
    plain = read_directives({})
    assert queue.next_for(plain).fault == Fault("cut", 3)
    own = read_directives({"x-sandbox-output-tokens": "5"})
    assert queue.next_for(own) is own
    assert queue.next_for(plain) == Directives()
    assert queue.next_for(plain) == Directives(output_tokens=7, fault=Fault("gzip"))
    assert queue.next_for(plain) is plain


@pytest.mark.parametrize("document", [5, {"faults": 5}, ["explode"], [7], [{"colour": "red"}]])
def test_a_bad_list_orders_nothing(document: object) -> None:
    queue = FaultQueue()
    with pytest.raises(ApiError):
        queue.put(document)
    assert len(queue) == 0


def test_the_names_of_all_faults_are_told() -> None:
    with pytest.raises(ApiError, match="stall_after=<number>"):
        read_fault("explode")
