"""Whose key it is, and what it is bound to: pins against headers, as a table."""

from dataclasses import replace

import pytest

from config.rules import Dimension
from proxy.endpoints import ENDPOINTS, Kind
from proxy.entitlement import check_endpoint, check_model, check_unseen_model
from proxy.errors import Refusal
from proxy.identity import identify, read_address
from storage.key_records import KeyRecord

NO_PIN = KeyRecord(
    id="1", name="bot", kind="proxy", role=None, agent=None, campaign=None, models=(),
    endpoints=(), expires_ms=None, revoked_ms=None, created_ms=0, last_used_ms=None,
    prefix="pk-purser-abcdef", digest="0" * 64,
)  # fmt: skip
PINNED = replace(NO_PIN, agent="CONTENT", campaign="Spring")
ALIASES = ("x-litellm-tags", "helicone-property", "x-portkey-metadata", "baggage")
TAGS = {"x-litellm-tags": "campaign:tagged,agent:AD"}
BAGGAGE = {"baggage": "campaign=carried,agent=SEO"}
NOT_OURS = {"baggage": "campaign=%FF,agent=poet,execution=a%20b"}
NOBODY = "unattributed"


def who(key, headers, path="/v1/responses", require=()):
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    address = read_address(path.encode())
    return identify(given, address, frozenset(require), str, key, ALIASES)


@pytest.mark.parametrize(
    ("key", "path", "headers", "agent", "campaign"),
    [
        # key, path before /v1, headers -> who is charged
        (None, "", {}, NOBODY, NOBODY),
        (NO_PIN, "", {}, NOBODY, NOBODY),
        (PINNED, "", {}, "CONTENT", "Spring"),
        (PINNED, "", {"x-agent-type": "content", "x-campaign-id": "SPRING"}, "CONTENT", "Spring"),
        (PINNED, "/a/content/c/spring", {}, "CONTENT", "Spring"),
        (NO_PIN, "/a/seo/c/path", {}, "SEO", "path"),
        (NO_PIN, "/a/seo/c/path", {"x-agent-type": "AD"}, "AD", "path"),
        (NO_PIN, "/a/seo/c/path", TAGS, "SEO", "path"),
        (NO_PIN, "/a/seo", TAGS, "SEO", "tagged"),
        (NO_PIN, "", TAGS, "AD", "tagged"),
        (NO_PIN, "", TAGS | BAGGAGE, "AD", "tagged"),
        (NO_PIN, "", BAGGAGE, "SEO", "carried"),
        (NO_PIN, "", {"x-campaign-id": "own"} | BAGGAGE, "SEO", "own"),
        (NO_PIN, "", NOT_OURS, NOBODY, NOBODY),
        (PINNED, "", BAGGAGE, "CONTENT", "Spring"),
        (PINNED, "", NOT_OURS, "CONTENT", "Spring"),
        (replace(NO_PIN, agent="AD"), "", TAGS, "AD", "tagged"),
    ],
)  # fmt: skip
def test_the_first_that_speaks_holds(key, path, headers, agent, campaign):
    caller = who(key, headers, f"{path}/v1/responses")
    assert (caller.agent, caller.campaign) == (agent, campaign)
    assert caller.key == (key.name if key else NOBODY)


@pytest.mark.parametrize(
    ("path", "headers", "where", "pin"),
    [
        ("", {"x-agent-type": "SEO"}, "X-Agent-Type", "CONTENT"),
        ("", {"x-campaign-id": "Summer"}, "X-Campaign-Id", "Spring"),
        ("/c/summer", {}, "path's place of X-Campaign-Id", "Spring"),
        ("/a/seo", {}, "path's place of X-Agent-Type", "CONTENT"),
        ("", {"x-litellm-tags": "campaign:summer"}, "x-litellm-tags", "Spring"),
        ("", {"helicone-property-campaign": "summer"}, "Helicone-Property-campaign", "Spring"),
        ("", {"x-portkey-metadata": '{"agent":"seo"}'}, "x-portkey-metadata", "CONTENT"),
    ],
)
def test_what_disagrees_with_a_pin_is_named(path, headers, where, pin):
    with pytest.raises(Refusal) as caught:
        who(PINNED, headers, f"{path}/v1/responses")
    assert (caught.value.status, caught.value.code) == (403, "key_pinned")
    assert where in caught.value.message
    assert f"'{pin}'" in caught.value.message


@pytest.mark.parametrize(
    "headers",
    [
        {"x-agent-type": "poet"},
        {"x-litellm-tags": "agent:poet"},
        {"helicone-property-agent": "poet"},
        {"x-portkey-metadata": '{"agent":"poet"}'},
    ],
)
@pytest.mark.parametrize("key", [None, PINNED])
def test_a_value_that_cannot_be_is_a_400_wherever_it_is_meant_for_us(key, headers):
    with pytest.raises(Refusal, match="is no agent type") as caught:
        who(key, headers)
    assert caught.value.status == 400


def test_a_pin_and_an_alias_are_what_a_deployment_may_require():
    require = (Dimension.AGENT, Dimension.CAMPAIGN)
    assert who(PINNED, {}, require=require).campaign == "Spring"
    assert who(None, TAGS, require=require).campaign == "tagged"
    with pytest.raises(Refusal, match="X-Campaign-Id"):
        who(replace(NO_PIN, agent="SEO"), {}, require=require)


def endpoint(name):
    return next(row for row in ENDPOINTS if row.name == name)


def test_a_key_is_kept_to_its_endpoints():
    key = replace(NO_PIN, endpoints=("chat/completions", "models*"))
    check_endpoint(None, endpoint("responses"))
    check_endpoint(NO_PIN, endpoint("responses"))
    for allowed in ("chat/completions", "models", "models/{model}"):
        check_endpoint(key, endpoint(allowed))
    with pytest.raises(Refusal, match=r"endpoint responses.*chat/completions, models\*") as caught:
        check_endpoint(key, endpoint("responses"))
    assert (caught.value.status, caught.value.code) == (403, "key_forbids")


def test_a_key_is_kept_to_its_models():
    key = replace(NO_PIN, models=("gpt-4o-mini", "o3*"))
    check_model(None, "gpt-4o")
    check_model(NO_PIN, "gpt-4o")
    for allowed in ("gpt-4o-mini", "o3", "o3-pro"):
        check_model(key, allowed)
    for other in ("gpt-4o", "gpt-4o-mini-2024-07-18", "", "xo3"):
        with pytest.raises(Refusal, match=r"gpt-4o-mini, o3\*"):
            check_model(key, other)


def test_a_key_bound_to_models_makes_no_call_whose_model_is_not_seen():
    unseen = next(row for row in ENDPOINTS if row.kind is Kind.REFUSED)
    check_unseen_model(NO_PIN, unseen)
    check_unseen_model(replace(NO_PIN, models=("o3",)), endpoint("models"))
    with pytest.raises(Refusal, match="not seen"):
        check_unseen_model(replace(NO_PIN, models=("o3",)), unseen)
