"""Each framework chats, streams and uses a tool through Purser; the ledger has every call."""

from collections.abc import Mapping

import pytest

from storage.records import Status
from tests.frameworks.conftest import Frameworks

CALLS = ("chat", "stream", "tool")
CONTENT_NANO_A_TOKEN = 40_000
"""The rate card: 0.04 USD for 1,000 tokens."""
SCRIPTS = {
    "langchain_calls.py": 4,
    "llama_index_calls.py": 3,
    "agents_calls.py": 4,
    "litellm_calls.py": 4,
    "instructor_calls.py": 3,
    "vercel.mjs": 4,
    "langchain.mjs": 4,
}
"""Each script, and how many calls its chat, its stream and its tool make."""
TOOLS: Mapping[str, object] = {
    "langchain_calls.py": ["human", "ai", "tool", "ai"],
    "llama_index_calls.py": ["weather"],
    "agents_calls.py": ["tool_call_item", "tool_call_output_item", "message_output_item"],
    "litellm_calls.py": ["weather", "assistant"],
    "instructor_calls.py": "Titles",
    "vercel.mjs": ["tool-calls", "stop"],
    "langchain.mjs": ["weather", "ai"],
}
"""What each framework says of its tool."""
REFUSALS = {
    "langchain_calls.py": ("OpenAIRateLimitError", 1),
    "llama_index_calls.py": ("RateLimitError", 1),
    "agents_calls.py": ("RateLimitError", 1),
    "litellm_calls.py": ("RateLimitError", 1),
    "instructor_calls.py": ("InstructorRetryException", 1),
    "langchain.mjs": ("InsufficientQuotaError", 1),
}
"""What a refused call raises, and how often it is sent."""
ENVIRONMENT = {
    # The README: traces go straight to OpenAI otherwise.
    "agents_calls.py": {"OPENAI_AGENTS_DISABLE_TRACING": "1"},
}


def more(script: str, frameworks: Frameworks) -> Mapping[str, str]:
    if script == "llama_index_calls.py":
        return {"OPENAI_API_BASE": f"{frameworks.stack.relay.url}/v1", "OPENAI_BASE_URL": ""}
    return ENVIRONMENT.get(script, {})


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_call_is_in_the_ledger(frameworks: Frameworks, script: str) -> None:
    ran = frameworks.run(script, *CALLS, more=more(script, frameworks))
    assert all(ran.told[call] for call in CALLS)
    assert ran.told["tool"] == TOOLS[script]
    assert (ran.requests, len(ran.entries)) == (SCRIPTS[script], SCRIPTS[script])
    for entry in ran.entries:
        assert (entry.status, entry.agent) == (Status.SETTLED, "CONTENT")
        assert entry.usage.input_tokens > 0
        assert entry.usage.output_tokens > 0
        assert entry.charge_nano == entry.usage.total_tokens * CONTENT_NANO_A_TOKEN
        assert not entry.flags


@pytest.mark.parametrize("script", REFUSALS)
def test_a_refused_call_is_an_error_and_is_sent_once(frameworks: Frameworks, script: str) -> None:
    ran = frameworks.run(script, "chat", agent="SEO", more=more(script, frameworks))
    assert (ran.told["error"], ran.requests) == REFUSALS[script]
    assert "no-seo-today" in ran.told["message"]


@pytest.mark.parametrize("script", ["langchain_calls.py", "litellm_calls.py", "langchain.mjs"])
def test_a_refused_stream_is_an_error_and_is_sent_once(frameworks: Frameworks, script: str) -> None:
    ran = frameworks.run(script, "stream", agent="SEO")
    assert (ran.told["error"], ran.requests) == REFUSALS[script]


def test_the_vercel_sdk_stops_where_its_retries_are_off(frameworks: Frameworks) -> None:
    ran = frameworks.run("vercel.mjs", "chat", agent="SEO")
    assert (ran.told["status"], ran.requests) == (429, 1)
    # Left on, they repeat any 429, whatever it says of itself.
    ran = frameworks.run("vercel.mjs", "retrying", agent="SEO")
    assert ran.requests > 1


def test_the_vercel_sdk_stops_at_402_by_itself(payment_required: Frameworks) -> None:
    ran = payment_required.run("vercel.mjs", "retrying", agent="SEO")
    assert (ran.told["status"], ran.requests) == (402, 1)
    assert "no-seo-today" in ran.told["message"]


@pytest.mark.parametrize("call", ["helicone", "portkey", "telemetry"])
def test_another_tools_headers_say_who_calls(frameworks: Frameworks, call: str) -> None:
    campaign = f"spring sale {call}"
    (entry,) = frameworks.run_alias(call, campaign).entries
    assert (entry.agent, entry.campaign) == ("EMAIL", campaign)
    assert entry.usage.total_tokens > 0


def test_litellms_tags_say_who_calls(frameworks: Frameworks) -> None:
    (entry,) = frameworks.run_alias("alias", "tagged", "litellm_calls.py").entries
    assert (entry.agent, entry.campaign) == ("EMAIL", "tagged")
